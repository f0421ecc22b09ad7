import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { runCli } from './program';

/** For tests: what a command printed, and its exit code. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** For tests: runs a command in this process. */
export async function run(...args: string[]): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    out: (text) => out.push(text.replace(/\n$/, '')),
    err: (text) => err.push(text.replace(/\n$/, '')),
    screen: null,
    program: 'meanflow',
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** For tests: shape and bytes of an array in an npz file. */
export function npzArray(file: string, name: string): { shape: string | undefined; bytes: Uint8Array } {
  const bytes = unzipSync(readFileSync(file))[`${name}.npy`] ?? new Uint8Array();
  const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(10, start));
  return { shape: /'shape': \((.*?)\)/.exec(header)?.[1], bytes: bytes.slice(start) };
}

const project = fileURLToPath(new URL('..', import.meta.url));

/** For tests: the program as it is published, built into a folder of its own. */
export interface BuiltCli {
  /** Inside the project, so that its dependencies are found; packages in its `node_modules` come first. */
  readonly folder: string;
  readonly script: string;
  readonly remove: () => void;
}

/** For tests: builds the program, in about two seconds. */
export function buildCli(): BuiltCli {
  const cache = join(project, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'meanflow-'));
  const tsup = join(project, '..', '..', 'node_modules', '.bin', 'tsup');
  const args = ['--config', '../../tsup.config.ts', '--out-dir', join(relative(project, folder), 'dist')];
  const { status, stderr } = spawnSync(tsup, args, {
    cwd: project,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
  copyFileSync(join(project, 'package.json'), join(folder, 'package.json'));
  return {
    folder,
    script: join(folder, 'dist', 'cli.js'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** For tests: a process of the built program. */
export interface CliProcess {
  readonly child: ChildProcess;
  /** What it has printed to the standard output so far. */
  readonly printed: () => string;
  readonly done: Promise<Outcome>;
}

/** For tests: starts the built program. */
export function startCli(cli: BuiltCli, ...args: string[]): CliProcess {
  const child = spawn(process.execPath, [cli.script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const done = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
  });
  return { child, printed: () => out, done };
}

/**
 * For tests: `--set` for a DiT that takes milliseconds a step, whatever the preset. Clipping makes every weight depend on
 * the last bit of the gradient's norm.
 */
export const tiny = [
  'model={kind: dit, patchSize: 4, depth: 1, hiddenSize: 16, numHeads: 2}',
  'objective={kind: meanflow}',
  'optimizer={lr: 0.001, clipNorm: 0.4, schedule: {warmupSteps: 2}}',
  'batchSize=8',
  'ema.decay=0.9',
  'log.every=2',
  'sample={every: 3, count: 2}',
  'checkpoint={every: 2, keep: 2}',
].flatMap((set) => ['--set', set]);

/** For tests: all files of a folder by their path in it, in base64. */
export function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name)).toString('base64')]));
}

/** For tests: the lines of metrics.jsonl without what depends on the clock. */
export function metricsOf(root: string): Record<string, unknown>[] {
  const lines = readFileSync(join(root, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { imagesPerSecond, waitShare, ...rest } = JSON.parse(line) as Record<string, unknown>;
    if (!(typeof imagesPerSecond === 'number' && imagesPerSecond > 0)) throw new Error(`no rate in ${line}`);
    if (!(typeof waitShare === 'number' && waitShare >= 0 && waitShare <= 1))
      throw new Error(`no share in ${line}`);
    return rest;
  });
}
