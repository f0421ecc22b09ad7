// Builds the page when anything that it is made of is newer than what was built.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('..', import.meta.url));
const workspace = join(app, '../..');

/** Where the built page lies. */
export const dist = join(app, 'dist');

/**
 * Time of the newest file.
 *
 * @param {string} folder
 * @returns {number}
 */
function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs);
  }
  return newest;
}

/** Builds the page if it is not built yet, or older than its sources. */
export function buildIfNeeded() {
  const built = join(dist, 'index.html');
  const sources = Math.max(newestIn(app), newestIn(join(workspace, 'packages')));
  if (existsSync(built) && statSync(built).mtimeMs > sources) return;
  const require = createRequire(import.meta.url);
  const vite = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js');
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: app,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}
