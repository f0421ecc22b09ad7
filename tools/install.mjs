// @ts-check
// Makes node_modules match package-lock.json, so that a fresh clone needs no step before any command.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage */
/** @typedef {{ packages: Record<string, LockedPackage> }} Lock */

/** Folder of the workspace, without a slash at its end. */
export const workspaceRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * One sentence if this Node.js is too old, null if it will do.
 *
 * @param {string} version As in `process.versions.node`.
 * @returns {string | null}
 */
export function nodeComplaint(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return null;
  return `Node.js 20.19 or newer is needed, and this is ${version}: get one from https://nodejs.org and try again.`;
}

/**
 * What makes the installed packages differ from the locked ones, or null if nothing does. Packages beside the locked
 * ones are nobody's business: the native binding of TensorFlow is installed that way.
 *
 * @param {Lock} locked package-lock.json.
 * @param {Lock} installed node_modules/.package-lock.json, which npm writes after an installation.
 * @returns {string | null}
 */
export function difference(locked, installed) {
  for (const [path, want] of Object.entries(locked.packages)) {
    if (!path.includes('node_modules/')) continue; // the workspace itself and its projects
    const have = installed.packages[path];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (have === undefined) {
      if (want.optional === true || want.devOptional === true) continue; // for another system
      return `${name} is missing`;
    }
    if (have.version !== want.version)
      return `${name} is at ${have.version ?? '?'} instead of ${want.version ?? '?'}`;
    if (have.integrity !== want.integrity) return `${name} is another file than the locked one`;
  }
  return null;
}

/**
 * Why dependencies have to be installed, or null if they are there.
 *
 * @returns {string | null}
 */
function whyInstall() {
  const record = join(workspaceRoot, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return 'there are none yet';
  const read = (/** @type {string} */ file) => /** @type {Lock} */ (JSON.parse(readFileSync(file, 'utf8')));
  return difference(read(join(workspaceRoot, 'package-lock.json')), read(record));
}

/**
 * Installs the dependencies if they are not what package-lock.json says.
 *
 * @throws Error with one sentence if Node.js is too old or npm fails.
 */
export function ensureInstalled() {
  const complaint = nodeComplaint(process.versions.node);
  if (complaint !== null) throw new Error(complaint);
  const reason = whyInstall();
  if (reason === null) return;
  console.log(`Installing dependencies (${reason}) ...`);
  const args = ['ci', '--no-audit', '--no-fund'];
  const npm = process.env['npm_execpath']; // set when npm runs this
  const options = /** @type {const} */ ({ cwd: workspaceRoot, stdio: 'inherit' });
  const { status } =
    npm === undefined
      ? spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
      : spawnSync(process.execPath, [npm, ...args], options);
  if (status !== 0) throw new Error(`npm ci failed with exit code ${String(status)}: see its message above.`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    ensureInstalled();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
