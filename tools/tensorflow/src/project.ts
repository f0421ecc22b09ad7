import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeWhole } from './files';
import { UserError } from './userError';

/** A project, and what we keep in it. */
export interface Project {
  readonly folder: string;
  /** `.native`: everything of ours is in here. */
  readonly state: string;
  readonly log: string;
}

/**
 * The project that a folder belongs to: itself, or without --project the nearest one above with a package.json.
 *
 * @throws UserError if there is none.
 */
export function openProject(named: string | undefined, cwd: string): Project {
  const folder = named === undefined ? nearestProject(cwd) : resolve(cwd, named);
  if (folder === null)
    throw new UserError(`There is no package.json in ${cwd} or above. Name a project: --project DIR.`, 2);
  if (!existsSync(join(folder, 'package.json')) || !statSync(folder).isDirectory())
    throw new UserError(`--project: a folder with a package.json is expected, and ${folder} is none.`, 2);
  const real = realpathSync(folder); // packages are found by their real folders
  const state = join(real, '.native');
  return { folder: real, state, log: join(state, 'native.log') };
}

function nearestProject(cwd: string): string | null {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

/** Makes our folder; git takes no notice of it, whatever the project's own .gitignore says. */
export function makeStateFolder({ state }: Project): void {
  mkdirSync(state, { recursive: true });
  writeWhole(join(state, '.gitignore'), '*\n');
}
