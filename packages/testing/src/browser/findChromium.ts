import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Names of the executable on PATH, in the order of preference. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** Where installers put it that leave PATH alone. */
const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/lib/chromium/chromium',
  '/snap/bin/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The Chromium of this machine: of MEANFLOW_CHROMIUM, which is taken as it is, else of PATH, else of the usual places.
 *
 * @param env The environment to look in. Default that of this process.
 * @param places Files to try after PATH.
 * @returns Path of the executable; null if there is none.
 */
export function findChromium(
  env: NodeJS.ProcessEnv = process.env,
  places: readonly string[] = usualPlaces,
): string | null {
  const given = env['MEANFLOW_CHROMIUM'];
  if (given !== undefined && given !== '') return given;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...places].find(isExecutable) ?? null;
}

/**
 * Whether a Chromium starts here. Ubuntu's `chromium-browser`, for one, is a script that only names a snap.
 *
 * @returns Why not; null if it does.
 */
export function checkChromium(executable: string | null): string | null {
  const advice = 'npm run gpu brings it, and MEANFLOW_CHROMIUM names one elsewhere';
  if (executable === null) return `Chromium is not installed; ${advice}`;
  if (!isExecutable(executable)) return `${executable} is not a program; ${advice}`;
  // On Windows it opens a window instead of telling its version.
  if (process.platform === 'win32') return null;
  const { status, error, stderr } = spawnSync(executable, ['--version'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status === 0) return null;
  const reason = error?.message ?? stderr.trim().split('\n')[0] ?? '';
  return `${executable} does not start: ${reason || `it ended with ${status}`}; ${advice}`;
}

/** Why there is no browser to test with; null if there is one. */
export const absentChromium: string | null = checkChromium(findChromium());
