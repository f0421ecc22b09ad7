import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildCli, filesIn, metricsOf, startCli, tiny } from './cli.testdata';
import type { BuiltCli } from './cli.testdata';
import type { DoctorReport } from './commands/doctor';

let cli: BuiltCli;
let folder = '';
beforeAll(() => {
  cli = buildCli();
  folder = mkdtempSync(join(tmpdir(), 'meanflow-cli-'));
});
afterAll(() => {
  cli.remove();
  rmSync(folder, { recursive: true });
});

const meanflow = (...args: string[]) => startCli(cli, ...args).done;
const digits = (root: string) => ['train', '--preset', 'digits', '--out', root, ...tiny, '--backend', 'cpu'];

describe('the built program', () => {
  it('answers --help at once, and passes exit codes on', async () => {
    const start = performance.now();
    const { code, out, err } = await meanflow('--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Usage: meanflow');
    expect(performance.now() - start).toBeLessThan(5000); // 0.25 s on a quiet machine
    const wrong = await meanflow('train', '--preset', 'digts');
    expect([wrong.code, wrong.out]).toEqual([2, '']);
    expect(wrong.err).toContain('did you mean digits?');
  });

  it('ends by itself after a training with threads, and prints nothing of tfjs', async () => {
    const root = join(folder, 'threads');
    const args = ['--steps', '2', '--backend', 'wasm', '--threads', '2'];
    const { code, out, err } = await meanflow('train', '--preset', 'digits', '--out', root, ...tiny, ...args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Backend:  wasm (CPU, 2 threads)');
    expect(out).not.toMatch(/Hi, looks like|tfjs-node/);
  });
});

describe('a reader that goes away', () => {
  it('does not stop a training', async () => {
    const root = join(folder, 'unread');
    const { child, done } = startCli(cli, ...digits(root), '--steps', '4');
    child.stdout?.destroy();
    expect((await done).code).toBe(0);
    expect(readdirSync(join(root, 'checkpoints'))).toContain('step-00000004');
  });
});

describe('Ctrl-C', () => {
  it('finishes the step, saves, says how to go on, and loses nothing', async () => {
    const root = join(folder, 'stopped');
    const { child, printed, done } = startCli(cli, ...digits(root), '--steps', '100000');
    while (!printed().includes('step 2/')) await sleep(20);
    child.kill('SIGINT');
    const { code, out, err } = await done;
    expect(code).toBe(130);
    expect(err).toBe('Stopping after this step, and saving. Ctrl-C again stops at once.\n');
    const step = Number(/Stopped after step (\d+) of 100000; all of it is saved/.exec(out)?.[1]);
    const command = `node ${relative(process.cwd(), cli.script)} train --resume --out ${root}`;
    expect(out).toContain(`Go on with:\n  ${command}\n`);
    const nameOf = (at: number) => `step-${String(at).padStart(8, '0')}`;
    expect(readdirSync(join(root, 'checkpoints')).at(-1)).toBe(nameOf(step));

    const steps = ['--steps', String(step + 3)];
    expect((await meanflow(...command.split(' ').slice(2), ...steps)).code).toBe(0);
    const reference = join(folder, 'reference');
    expect((await meanflow(...digits(reference), ...steps)).code).toBe(0);
    const last = (run: string) => filesIn(join(run, 'checkpoints', nameOf(step + 3)));
    expect(last(root)).toEqual(last(reference));
    expect(metricsOf(root)).toEqual(metricsOf(reference));
  });

  it('before the first step leaves a run that starts anew', async () => {
    const root = join(folder, 'early');
    const { child, done } = startCli(cli, ...digits(root), '--steps', '100000');
    await sleep(100); // the program is still being loaded, and ends as any program does
    child.kill('SIGTERM');
    expect([null, 130]).toContain((await done).code);
    expect((await meanflow(...digits(root), '--steps', '2', '--resume')).code).toBe(0);
  });
});

/** A package in front of the installed ones, for this program only. */
function addPackage(name: string, source: string): void {
  const path = join(cli.folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.cjs' }));
  writeFileSync(join(path, 'index.cjs'), source);
}

/** Copies the kernels of the cpu backend to another name, so that it computes. */
const borrowKernels = (name: string) => `
  const tf = require('@tensorflow/tfjs');
  const cpu = require('@tensorflow/tfjs-backend-cpu');
  for (const kernel of tf.getKernelsForBackend('cpu')) tf.registerKernel({ ...kernel, backendName: '${name}' });
  console.log('loading ${name}');`;

const brokenBackend = `
  const tf = require('@tensorflow/tfjs');
  class Broken extends tf.KernelBackend {
    write() { throw new TypeError('util_1.isNullOrUndefined is not a function'); }
  }
  tf.registerBackend('tensorflow', () => new Broken());`;

const workingBackend = `${borrowKernels('tensorflow')}
  const where = { isUsingGpuDevice: true, binding: { TF_Version: '2.21.0' } };
  tf.registerBackend('tensorflow', () => Object.assign(new cpu.MathBackendCPU(), where));
  exports.version = { 'tfjs-node': '9.9.9' };`;

const dawnWith = (description: string) => `
  const device = { destroy() {}, addEventListener() {}, lost: new Promise(() => {}) };
  const info = { vendor: '', description: '${description}' };
  const adapter = { info, features: new Set(), limits: {}, requestDevice: async () => device };
  exports.create = () => ({ requestAdapter: async () => adapter });
  exports.globals = {};`;

/** Lets the program see these entries of /dev, and no driver of NVIDIA's. */
function listDevices(...names: string[]): void {
  const source = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { readdirSync } = fs;
    const faked = { '/dev': ${JSON.stringify(names)}, '/dev/dri': [], '/proc/driver/nvidia/gpus': [] };
    fs.readdirSync = (path, ...options) => faked[path] ?? readdirSync(path, ...options);
    syncBuiltinESMExports();`;
  vi.stubEnv('NODE_OPTIONS', `--import data:text/javascript,${encodeURIComponent(source)}`);
}

const webgpuBackend = `${borrowKernels('webgpu')}
  exports.WebGPUBackend = cpu.MathBackendCPU;
  exports.version_webgpu = '4.22.0';`;

/** The line that tells the backend of a training of one step, and everything else that is printed. */
async function trainOn(name: string, backend: string) {
  const args = ['--out', join(folder, name), ...tiny, '--steps', '1', '--backend', backend, '--threads', '1'];
  const { code, out, err } = await meanflow('train', '--preset', 'digits', ...args);
  return { code, err, out, backend: /^Backend: +(.*)$/m.exec(out)?.[1] };
}

const failingDawn = `
  const device = {
    destroy() {},
    lost: new Promise(() => {}),
    addEventListener: (_type, listener) => setTimeout(() => listener({ error: new Error('Device lost.\\nmore') }), 2000),
  };
  const adapter = { info: { description: 'GPU' }, features: new Set(), limits: {}, requestDevice: async () => device };
  exports.create = () => ({ requestAdapter: async () => adapter });
  exports.globals = {};`;

describe('backends that need a package', () => {
  beforeEach(() => {
    listDevices('null', 'nvidia0');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(() => {
    rmSync(join(cli.folder, 'node_modules'), { recursive: true });
  });

  it('do no harm when the package is there and does not load', async () => {
    const reason = 'tfjs_binding.node was built for another Node';
    addPackage('@tensorflow/tfjs-node', `throw new Error('${reason}');`);
    addPackage('webgpu', `throw new Error('no libvulkan.so.1');`);
    const { auto, backends } = JSON.parse((await meanflow('doctor', '--json')).out) as DoctorReport;
    expect(auto).toBe('wasm');
    expect(backends.slice(0, 2).map(({ missing }) => missing)).toEqual([
      `@tensorflow/tfjs-node does not work: ${reason}`,
      'the package webgpu does not load: no libvulkan.so.1',
    ]);
    expect(await trainOn('never', 'tensorflow')).toMatchObject({
      code: 2,
      err:
        `error: --backend tensorflow does not work here: @tensorflow/tfjs-node does not work: ${reason}. ` +
        'Bring it with "npm run native", or use --backend auto.\n',
    });
  });

  it('do no harm when the package loads and then fails', async () => {
    addPackage('@tensorflow/tfjs-node', brokenBackend);
    expect((await trainOn('auto', 'auto')).backend).toBe('wasm (CPU, 1 thread)');
    expect((await trainOn('never', 'tensorflow')).err).toContain(
      '--backend tensorflow does not work here: @tensorflow/tfjs-node calls functions that Node.js 23 removed, and this is ' +
        `${process.version}. Bring it with "npm run native", or use --backend auto.`,
    );
  });

  it('are taken first when they work: tensorflow', async () => {
    addPackage('@tensorflow/tfjs-node', workingBackend);
    const { code, out, backend } = await trainOn('native', 'auto');
    expect([code, backend]).toEqual([0, 'tensorflow (GPU, TensorFlow 2.21.0)']);
    expect(out).not.toContain('loading');
    addPackage('@tensorflow/tfjs-node', `throw new Error('not this one');`); // the real one may be installed
  });

  it.each([
    ['NVIDIA H200', 'webgpu (NVIDIA H200)'],
    ['llvmpipe (LLVM 19, 256 bits)', 'wasm (CPU, 1 thread)'],
  ])('are taken when they are a real GPU: webgpu on %s', async (description, best) => {
    addPackage('webgpu', dawnWith(description));
    addPackage('@tensorflow/tfjs-backend-webgpu', webgpuBackend);
    expect(await trainOn(`${description} auto`, 'auto')).toMatchObject({ code: 0, backend: best });
    expect((await trainOn(description, 'webgpu')).backend).toBe(`webgpu (${description})`);
  });

  it.skipIf(process.platform !== 'linux')('are left unloaded where there is no GPU: webgpu', async () => {
    listDevices('null');
    addPackage('@tensorflow/tfjs-node', `throw new Error('not this one');`);
    const warning = 'Warning: 1000000 artificially reduced to 16';
    addPackage('webgpu', `process.stderr.write('${warning}');${dawnWith('llvmpipe')}`);
    addPackage('@tensorflow/tfjs-backend-webgpu', webgpuBackend);
    expect(await trainOn('no GPU auto', 'auto')).toMatchObject({
      code: 0,
      err: '',
      backend: 'wasm (CPU, 1 thread)',
    });
    const { out, err } = await meanflow('doctor', '--json');
    expect(err).toBe('');
    expect((JSON.parse(out) as DoctorReport).backends[1]).toMatchObject({
      name: 'webgpu',
      missing: 'this machine has no GPU; --backend webgpu tries to emulate one',
      fix: null,
    });
    const asked = await trainOn('no GPU', 'webgpu');
    expect(asked).toMatchObject({ code: 0, err: warning, backend: 'webgpu (llvmpipe)' });
  });

  it('stop a training when the device fails', async () => {
    addPackage('webgpu', failingDawn);
    addPackage('@tensorflow/tfjs-backend-webgpu', webgpuBackend);
    const args = ['--out', join(folder, 'lost'), ...tiny, '--steps', '100000', '--backend', 'webgpu'];
    expect(await meanflow('train', '--preset', 'digits', ...args)).toMatchObject({
      code: 1,
      err: 'error: webgpu has failed: Device lost. Use --backend wasm.\n',
    });
  });
});
