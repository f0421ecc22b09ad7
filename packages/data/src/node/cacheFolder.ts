import { homedir } from 'node:os';
import { join } from 'node:path';

/** Value of an environment variable; an empty one counts as absent. */
function setting(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}

/**
 * Folder for downloads that can be made again: `$XDG_CACHE_HOME/meanflow` where that is set, else the platform's own
 * (`~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`). It is not created.
 *
 * @param environment Default `process.env`.
 * @param platform Default `process.platform`.
 */
export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const xdg = setting(environment, 'XDG_CACHE_HOME');
  if (xdg !== undefined) return join(xdg, 'meanflow');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'meanflow');
  if (platform === 'win32') {
    return join(
      setting(environment, 'LOCALAPPDATA') ?? join(homedir(), 'AppData', 'Local'),
      'meanflow',
      'cache',
    );
  }
  return join(homedir(), '.cache', 'meanflow');
}
