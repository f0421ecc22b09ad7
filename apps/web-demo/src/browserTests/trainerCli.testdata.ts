import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const trainer = fileURLToPath(new URL('../../../trainer', import.meta.url));

/** The trainer's program, for what goes from the page to it and back. */
export interface TrainerCli {
  /** A new folder, removed at the end. */
  readonly folder: () => string;
  /** Runs a command in a folder; throws with what it said if it fails. */
  readonly run: (folder: string, ...args: string[]) => string;
}

/** Builds the program while the tests of a file run. */
export function useTrainer(timeout: number): () => TrainerCli {
  let root = '';
  let built = '';
  beforeAll(() => {
    const cache = join(trainer, 'node_modules', '.cache'); // where its dependencies are found
    mkdirSync(cache, { recursive: true });
    built = mkdtempSync(join(cache, 'meanflow-page-'));
    root = mkdtempSync(join(tmpdir(), 'meanflow-page-'));
    const tsup = join(trainer, '..', '..', 'node_modules', '.bin', 'tsup');
    const args = ['--config', '../../tsup.config.ts', '--out-dir', join(relative(trainer, built), 'dist')];
    const { status, stderr } = spawnSync(tsup, args, { cwd: trainer, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the trainer could not be built: ${stderr}`);
    writeFileSync(join(built, 'package.json'), '{"type": "module", "version": "0.0.0"}');
  }, timeout);
  afterAll(() => {
    for (const folder of [root, built]) if (folder !== '') rmSync(folder, { recursive: true });
  });
  return () => ({
    folder: () => mkdtempSync(join(root, 'run-')),
    run(folder, ...args) {
      const script = join(built, 'dist', 'cli.js');
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
        cwd: folder,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`meanflow ${args.join(' ')}: ${stderr}${stdout}`);
      return stdout;
    },
  });
}

/** Writes files into a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}
