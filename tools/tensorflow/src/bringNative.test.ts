import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bringNative } from './bringNative';
import type { NativeOptions } from './configuration';
import {
  backendJs,
  fakeMachine,
  fakeProject,
  failed,
  linux,
  packageFiles,
  printed,
  tensorflowFiles,
  writeFiles,
} from './fakes.testdata';
import type { Action, FakeMachine } from './fakes.testdata';
import { readManifest } from './manifest';
import { removeNative } from './removeNative';

/** Every file of a project with its content, but those of TensorFlow. */
function contents(project: string): Record<string, string> {
  const names = readdirSync(project, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.sort().map((file) => [file, readFileSync(file, 'latin1')]));
}

function start(project: string, fake: FakeMachine, options: NativeOptions = {}, free = 1e12) {
  const { terminal, out } = printed();
  const surroundings = {
    terminal,
    cwd: project,
    script: '/cli.js',
    machine: linux,
    run: fake.run,
    freeBytes: () => free,
  };
  return bringNative(options, surroundings).then(out);
}

const remove = (project: string) => {
  const { terminal, out } = printed();
  return removeNative({}, terminal, project).then(out);
};

describe('bringNative', () => {
  it.each([
    ['that has the package', true],
    ['that has only TensorFlow.js', false],
  ])('works in a project %s, and --remove leaves it as it was', async (_, withPackage) => {
    const project = fakeProject(withPackage);
    const before = contents(project);
    const fake = fakeMachine();
    const out = await start(project, fake);
    expect(out).toContain('compiled with g++ 12');
    expect(out).toContain('values and gradients are right');
    const folder = join(project, 'node_modules/@tensorflow/tfjs-node');
    expect(readFileSync(join(folder, 'lib/napi-v8/tfjs_binding.node'), 'utf8')).toBe('outer');
    expect(readFileSync(join(folder, 'dist/nodejs_kernel_backend.js'), 'utf8')).toContain('x == null');
    expect(readFileSync(join(project, 'package-lock.json'), 'utf8')).toBe('{}\n');
    expect(readManifest(join(project, '.native'))).toMatchObject({
      state: 'complete',
      configuration: { gpu: false, tensorflow: '2.21.0', python: null },
      added: withPackage ? [] : ['node_modules/@tensorflow/tfjs-node'],
      result: {
        tensorflow: { version: '2.21.0', distribution: 'tensorflow_cpu' },
        package: { name: '@tensorflow/tfjs-node', version: '4.22.0' },
        selfTest: { device: 'CPU', gflops: 100 },
      },
    });
    expect(await remove(project)).toContain('files as they were');
    expect(contents(project)).toEqual(before);
    expect(await remove(project)).toContain('There is nothing to remove');
  });

  it('does nothing the second time but the self-test', async () => {
    const project = fakeProject(false);
    await start(project, fakeMachine());
    const before = contents(project);
    const fake = fakeMachine();
    const out = await start(project, fake);
    expect(fake.actions).toEqual(['self-test']);
    expect(out.match(/is there|compiled before|is in its place/g)).toHaveLength(4);
    expect(contents(project)).toEqual({ ...before, [join(project, '.native/native.log')]: '' });
  });

  const actions: Action[] = ['npm', 'venv', 'pip', 'locate', 'node-gyp', 'self-test'];
  it.each(actions)('goes on where it was aborted in %s, and --remove undoes that too', async (action) => {
    const project = fakeProject(false);
    const before = contents(project);
    const fake = fakeMachine();
    fake.instead[action] = () => failed('aborted');
    await expect(start(project, fake)).rejects.toThrow();
    fake.instead = {};
    const first = fake.actions.length;
    await start(project, fake);
    expect(fake.actions.slice(first)).toContain(action);
    for (const other of actions.slice(0, actions.indexOf(action)))
      if (!['venv', 'locate'].includes(other)) expect(fake.actions.slice(first)).not.toContain(other);
    expect(readManifest(join(project, '.native'))?.state).toBe('complete');

    await remove(project);
    expect(contents(project)).toEqual(before);
    fake.instead[action] = () => failed('aborted');
    await expect(start(project, fake)).rejects.toThrow();
    await remove(project);
    expect(contents(project)).toEqual(before);
  });

  it('puts the binding back after npm has installed the package again, without a compiler', async () => {
    const project = fakeProject(true);
    await start(project, fakeMachine());
    const folder = join(project, 'node_modules/@tensorflow/tfjs-node');
    rmSync(folder, { recursive: true });
    writeFiles(folder, packageFiles('@tensorflow/tfjs-node'));
    const fake = fakeMachine();
    const out = await start(project, fake);
    expect(fake.actions).toEqual(['self-test']);
    expect(out).toContain('put in its place; 1 files mended');
    expect(existsSync(join(folder, 'lib/napi-v8/tfjs_binding_tensorflow.node'))).toBe(true);
    await remove(project);
    expect(readFileSync(join(folder, 'dist/nodejs_kernel_backend.js'), 'utf8')).toBe(backendJs);
    expect(readdirSync(folder)).not.toContain('lib');
  });

  it('finds everything again in a project that was moved', async () => {
    const project = fakeProject(false);
    await start(project, fakeMachine());
    const moved = join(project, '..', `${basename(project)} moved`);
    renameSync(project, moved);
    try {
      const fake = fakeMachine();
      await start(moved, fake);
      expect(fake.actions).toEqual(['self-test']);
      await remove(moved);
      expect(readdirSync(moved)).not.toContain('.native');
    } finally {
      renameSync(moved, project);
    }
  });

  it('replaces one TensorFlow by another, and keeps the choice', async () => {
    const project = fakeProject(true);
    const environments = () =>
      readdirSync(join(project, '.native')).filter((name) => name.startsWith('tensorflow-'));
    const fake = fakeMachine();
    await start(project, fake);
    expect(await start(project, fake, { gpu: true })).toContain("NVIDIA's driver is not loaded");
    expect(environments()).toEqual(['tensorflow-gpu-2.21.0']);
    await start(project, fake);
    expect(environments()).toEqual(['tensorflow-gpu-2.21.0']);
    await start(project, fake, { gpu: false, tensorflow: '2.20.0' });
    expect(environments()).toEqual(['tensorflow-cpu-2.20.0']);
    expect(readManifest(join(project, '.native'))?.result?.tensorflow.version).toBe('2.20.0');
  });

  it('installs again with another Python, and what was damaged', async () => {
    const project = fakeProject(true);
    const fake = fakeMachine();
    await start(project, fake);
    await start(project, fake, { python: 'python3' });
    const count = () => fake.actions.filter((action) => action === 'pip').length;
    expect(count()).toBe(1);
    await start(project, fake, { python: '/opt/python' });
    expect(count()).toBe(2);
    await expect(start(project, fake, { python: '/etc/hostname' })).rejects.toThrow(
      '/etc/hostname does not run',
    );
    const result = readManifest(join(project, '.native'))?.result;
    expect(result?.python.executable).toBe('/opt/python');
    rmSync(join(result!.tensorflow.folder, 'libtensorflow_cc.so.2'));
    await start(project, fake);
    expect(count()).toBe(3);
  });

  it('compiles against a TensorFlow that is there', async () => {
    const project = fakeProject(true);
    const fake = fakeMachine();
    const site = join(project, 'site-packages');
    writeFiles(site, tensorflowFiles('2.19.0'));
    fake.instead.locate = () => ({ ...failed(), code: 0, out: join(site, 'tensorflow/__init__.py') });
    const out = await start(project, fake, { useInstalled: true });
    expect(out).toContain('2.19.0 of /usr/bin/python3');
    expect(fake.actions).not.toContain('pip');
    await start(project, fake);
    expect(readManifest(join(project, '.native'))?.configuration).toEqual({
      gpu: false,
      tensorflow: null,
      python: null,
    });
  });

  it('says what is missing before it downloads', async () => {
    const project = fakeProject(true);
    const fake = fakeMachine();
    fake.instead.compiler = () => ({ ...failed(), code: null, failure: 'ENOENT' });
    await expect(start(project, fake)).rejects.toThrow(
      'There is no C++ compiler: g++ does not run. Install one: apt install build-essential',
    );
    fake.instead = { make: () => failed() };
    await expect(start(project, fake)).rejects.toThrow('There is no make. Install one');
    await expect(start(project, fakeMachine({ python: '3.8.1' }))).rejects.toThrow(
      /wheels for Python 3\.10 to 3\.13/,
    );
    await expect(start(project, fakeMachine(), {}, 1e9)).rejects.toThrow(
      /^TensorFlow needs about 2\.2 GB of disk space .* has 1\.0 GB left\./,
    );
    expect(fake.actions).not.toContain('pip');
  });

  it('leaves a package that the project asks for by now', async () => {
    const project = fakeProject(false);
    await start(project, fakeMachine());
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ dependencies: { '@tensorflow/tfjs-node': '4.22.0' } }),
    );
    expect(await remove(project)).toContain('left: the project asks for it by now');
    const folder = join(project, 'node_modules/@tensorflow/tfjs-node');
    expect(readFileSync(join(folder, 'dist/nodejs_kernel_backend.js'), 'utf8')).toBe(backendJs);
  });
});
