import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256OfFile } from './files';

// The real thing, in a project that has nothing to do with this repository: needs a network, a compiler, and minutes.

const root = fileURLToPath(new URL('..', import.meta.url));
let [cli, project] = ['', ''];

/** Builds the program into a folder like its own. */
function build(): string {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, 'node_modules/.cache/native-'));
  const args = ['--config', '../../tsup.config.ts', '--out-dir', relative(root, join(folder, 'dist'))];
  const tsup = join(root, '../../node_modules/.bin/tsup');
  const { status, stderr } = spawnSync(tsup, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
  cpSync(join(root, 'binding'), join(folder, 'binding'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  return folder;
}

function native(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(cli, 'dist/cli.js'), ...args], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** SHA-256 of every file of the project but those of TensorFlow. */
function hashes(): Record<string, string | null> {
  const entries = readdirSync(project, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.filter((file) => !file.includes('.native')).map((file) => [file, sha256OfFile(file)]),
  );
}

const program = `
  const tf = require('@tensorflow/tfjs-node');
  console.log(tf.topk(tf.tensor1d([3, 1, 2]), 2).values.dataSync().join(), tf.backend().binding.TF_Version);`;

function runProgram(level: string) {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: level };
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    cwd: project,
    env,
    encoding: 'utf8',
  });
  return { stdout, stderr };
}

beforeAll(() => {
  cli = build();
  project = mkdtempSync(join(tmpdir(), 'a project of somebody '));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'somebodys', private: true }));
  const args = ['install', '@tensorflow/tfjs@4.22.0', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', args, { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm fails: ${stderr}`);
}, 300_000);
afterAll(() => {
  for (const folder of [cli, project]) if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

describe('meanflow-native', () => {
  let before: Record<string, string | null> = {};

  it('survives being killed at any moment', async () => {
    before = hashes();
    for (const seconds of [1, 4, 8, 16, 24, 30]) {
      const child = spawn(process.execPath, [join(cli, 'dist/cli.js')], { cwd: project, stdio: 'ignore' });
      await Promise.race([sleep(1000 * seconds), once(child, 'exit')]);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    expect(native()).toMatch(/self-test +values and gradients are right .* TensorFlow 2\.21\.0, [CG]PU/);
  });

  it('makes the binding work, quietly when it is asked to be', () => {
    expect(runProgram('3')).toEqual({ stdout: '3,2 2.21.0\n', stderr: '' });
    expect(runProgram('0').stderr).toContain('cpu_feature_guard');
  });

  it('takes seconds the second time', () => {
    const start = performance.now();
    const out = native();
    expect(out.match(/is there|compiled before|is in its place/g)).toHaveLength(4);
    expect(performance.now() - start).toBeLessThan(15_000);
    const manifest = JSON.parse(readFileSync(join(project, '.native/manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ state: 'complete', added: ['node_modules/@tensorflow/tfjs-node'] });
  });

  it('compiles against a TensorFlow that another Python has', () => {
    const own = join(project, '.native/tensorflow-cpu-2.21.0');
    const elsewhere = mkdtempSync(join(tmpdir(), 'a TensorFlow '));
    try {
      cpSync(own, elsewhere, { recursive: true, verbatimSymlinks: true });
      const python = join(elsewhere, 'bin/python');
      expect(native('--use-installed', '--python', python)).toContain(`2.21.0 of ${python}`);
      expect(existsSync(own)).toBe(false);
      expect(runProgram('3').stdout).toBe('3,2 2.21.0\n');
      rmSync(elsewhere, { recursive: true });
      expect(runProgram('3').stderr).toContain('libtensorflow_cc.so.2: cannot open shared object file');
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });

  it('leaves nothing behind', () => {
    native('--remove');
    expect(hashes()).toEqual(before);
    expect(existsSync(join(project, '.native'))).toBe(false);
  });
});
