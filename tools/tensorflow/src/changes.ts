import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { sha256, sha256OfFile, writeWhole } from './files';
import type { Change } from './manifest';

/** What is written into somebody else's package. */
export interface Replacement {
  readonly file: string;
  readonly content: Buffer | string;
}

/** Where a project and our folder in it are. */
export interface Places {
  readonly project: string;
  /** The folder `.native`. */
  readonly state: string;
}

const original = ({ state }: Places, hash: string) => join(state, 'originals', hash);
const nameOf = ({ project }: Places, file: string) => relative(project, file).replaceAll('\\', '/');

/**
 * Says what has to be written down before files are replaced, and keeps their originals. Nothing is replaced yet.
 *
 * @param changes What is written down so far.
 */
export function recordChanges(
  places: Places,
  changes: readonly Change[],
  replacements: readonly Replacement[],
): Change[] {
  const recorded = new Map(changes.map((change) => [change.file, change]));
  for (const { file, content } of replacements) {
    const name = nameOf(places, file);
    const current = sha256OfFile(file);
    const known = recorded.get(name);
    const isOurs = current !== null && known?.ours.includes(current) === true;
    const before = isOurs ? known.before : current;
    if (!isOurs && current !== null) writeWhole(original(places, current), readFileSync(file));
    const hash = sha256(content);
    const ours = [...(known?.ours ?? []).filter((other) => other !== hash), hash];
    recorded.set(name, { file: name, before, ours });
  }
  return [...recorded.values()];
}

/** Replaces files that are not as they should be; returns how many. */
export function applyChanges(replacements: readonly Replacement[]): number {
  const different = replacements.filter(({ file, content }) => sha256OfFile(file) !== sha256(content));
  for (const { file, content } of different) writeWhole(file, content);
  return different.length;
}

/**
 * Puts the originals back.
 *
 * @returns Files that somebody else has changed since: they are left as they are.
 */
export function undoChanges(places: Places, changes: readonly Change[]): string[] {
  const left: string[] = [];
  for (const { file, before, ours } of changes) {
    const path = resolve(places.project, file);
    const current = sha256OfFile(path);
    if (current === null || current === before) continue; // the package is gone, or was installed again
    if (!ours.includes(current)) {
      left.push(file);
    } else if (before === null) {
      rmSync(path);
      removeEmpty(dirname(path), dirname(dirname(path)));
    } else {
      writeWhole(path, readFileSync(original(places, before)));
    }
  }
  return left;
}

/** Removes folders that nothing is in any more. */
function removeEmpty(...folders: string[]): void {
  for (const folder of folders) {
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  }
}
