// Builds the page when anything that it is made of is newer than what was built.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('..', import.meta.url));
const workspace = join(app, '../..');

/** Where the built page lies. */
export const dist = join(app, 'dist');

/**
 * Time of the newest file that the page is made of.
 *
 * @param {string} folder
 * @returns {number}
 */
function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name.startsWith('dist')) continue;
    if (/\.(test|testdata|long)\.ts$/.test(entry.name)) continue;
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
  // Beside what is there, so that nobody who reads it finds half of a page.
  const made = `${dist}-${process.pid}`;
  const args = [vite, 'build', '--logLevel', 'error', '--outDir', made];
  const env = { ...process.env, NODE_ENV: 'production' }; // tests have another, which vite would build for
  const { status } = spawnSync(process.execPath, args, { cwd: app, stdio: 'inherit', env });
  if (status !== 0) {
    rmSync(made, { recursive: true, force: true });
    process.exit(1);
  }
  rmSync(dist, { recursive: true, force: true });
  renameSync(made, dist);
}
