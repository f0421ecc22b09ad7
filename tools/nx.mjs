// @ts-check
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from './install.mjs';

/**
 * Runs nx in the workspace, with its output on this terminal.
 *
 * @param {string[]} args As on the command line.
 * @returns {number} Its exit code.
 */
export function nx(args) {
  const folder = join(workspaceRoot, 'node_modules/nx');
  const manifest = /** @type {{ bin: { nx: string } }} */ (
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  );
  const { status, error } = spawnSync(process.execPath, [join(folder, manifest.bin.nx), ...args], {
    cwd: workspaceRoot,
    stdio: 'inherit',
    // With a daemon nx may take files deleted a moment ago for present, and not restore them from its cache.
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}
