// @ts-check
// npm run quickstart: from a fresh clone to a trained model and a grid of its samples.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';
import { nx } from './nx.mjs';

const run = 'runs/quickstart';

/**
 * Runs the command line with this terminal.
 *
 * @param {string[]} args
 * @returns {Promise<number>} Its exit code.
 */
function meanflow(args) {
  const cli = join(workspaceRoot, 'apps/trainer/dist/cli.js');
  const child = spawn(process.execPath, [cli, ...args], { cwd: workspaceRoot, stdio: 'inherit' });
  // Ctrl-C goes to both processes: the trainer finishes its step and saves, and we wait for that.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

try {
  ensureInstalled();
  // The trainer is bundled from the sources of all packages: nothing else needs building.
  if (nx(['build', 'meanflow', '--output-style=static']) !== 0)
    throw new Error('quickstart: the build failed, see above.');
  process.exitCode = await meanflow([
    ...['train', '--preset', 'digits', '--out', run],
    // A second quick start goes on with the first: where that was stopped, or to its picture.
    ...(existsSync(join(workspaceRoot, run, 'config.yaml')) ? ['--resume'] : []),
    ...process.argv.slice(2), // the last of two equal options counts
  ]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
