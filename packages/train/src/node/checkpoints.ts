import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Checkpoint, CheckpointWeights } from '../checkpoint';
import { stepName } from '../stepName';
import { readCheckpointFolder, readCheckpointWeights, writeCheckpointFolder } from './checkpointFolder';
import { syncFolder } from './durableFiles';

/** Options of {@link saveCheckpoint}. */
export interface SaveOptions {
  /** How many of the newest checkpoints stay, this one included; at least 1, Infinity keeps all. Default 3. */
  keep?: number;
}

/** What was found, and what was passed over on the way. */
export interface Loaded<T> {
  /** The checkpoint's folder. */
  readonly path: string;
  readonly value: T;
  /** One sentence for each newer checkpoint that could not be used. */
  readonly warnings: readonly string[];
}

// Folders on their way in or out; only `step-...` counts as a checkpoint.
const PARTIAL = '.partial-'; // being written
const REPLACED = '.replaced-'; // about to be removed, once the new one of the same step is there
const PRUNED = '.pruned-'; // being removed
const SET_ASIDE = 'set-aside-'; // beyond a step that was saved later: damaged, or of an abandoned course

const stepOf = (name: string) => Number(/^step-(\d{8,})$/.exec(name)?.[1] ?? NaN);

/** Steps that have a checkpoint folder, newest first. */
function listSteps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const steps = readdirSync(folder).map(stepOf);
  return steps.filter((step) => !Number.isNaN(step)).sort((a, b) => b - a);
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Renames first, so that a folder that is half removed is not taken for a checkpoint. */
function prune(folder: string, names: readonly string[]): void {
  for (const name of names) {
    remove(join(folder, PRUNED + name));
    renameSync(join(folder, name), join(folder, PRUNED + name));
  }
  for (const name of names) remove(join(folder, PRUNED + name));
}

function setAside(folder: string, names: readonly string[]): void {
  for (const name of names) {
    remove(join(folder, SET_ASIDE + name));
    renameSync(join(folder, name), join(folder, SET_ASIDE + name));
  }
  if (names.length > 0) syncFolder(folder);
}

function putInPlace(folder: string, name: string): void {
  const [path, replaced] = [join(folder, name), join(folder, REPLACED + name)];
  if (existsSync(path)) {
    remove(replaced);
    renameSync(path, replaced);
  }
  renameSync(join(folder, PARTIAL + name), path);
  syncFolder(folder);
  remove(replaced);
}

/**
 * Saves a checkpoint as `folder/step-00001000`: written to a temporary folder beside it, flushed to the disk, then
 * renamed, so that after a crash at any moment it is there whole or not at all. Only then older ones are removed.
 *
 * A checkpoint of the same step is replaced; checkpoints of later steps, which can only be damaged or of a course that
 * was abandoned by resuming before them, are renamed to `set-aside-step-...` and never touched again.
 *
 * @param folder The run's `checkpoints` folder; made if it is not there. One process at a time (see `openRunDirectory`).
 * @returns The checkpoint's path.
 * @throws RangeError if `keep` is less than 1; the system's error if the disk is full or not writable.
 */
export function saveCheckpoint(folder: string, checkpoint: Checkpoint, options: SaveOptions = {}): string {
  const { keep = 3 } = options;
  if (!(keep >= 1)) throw new RangeError(`saveCheckpoint: keep must be at least 1, got ${keep}.`);
  const { step } = checkpoint.snapshot;
  const name = stepName(step);
  mkdirSync(folder, { recursive: true });
  setAside(
    folder,
    listSteps(folder)
      .filter((other) => other > step)
      .map(stepName),
  );
  remove(join(folder, PARTIAL + name));
  writeCheckpointFolder(join(folder, PARTIAL + name), checkpoint);
  putInPlace(folder, name);
  prune(folder, listSteps(folder).slice(keep).map(stepName));
  return join(folder, name);
}

/**
 * Removes what a killed process left half done in a `checkpoints` folder. Call it at the start of a training, when no
 * other process writes there.
 */
export function cleanCheckpoints(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.startsWith(PARTIAL) || name.startsWith(PRUNED)) remove(path);
    if (!name.startsWith(REPLACED)) continue;
    const original = join(folder, name.slice(REPLACED.length));
    if (existsSync(original)) remove(path);
    else renameSync(path, original); // killed between the two renames: the old one is whole
  }
  syncFolder(folder);
}

/** Checkpoint folders that a path means, newest first: the path itself, or those in it or in its `checkpoints`. */
function candidates(path: string): string[] {
  if (existsSync(join(path, 'state.json'))) return [resolve(path)];
  const inner = join(path, 'checkpoints');
  const folder = existsSync(inner) ? inner : path;
  return listSteps(folder).map((step) => resolve(folder, stepName(step)));
}

/** The newest checkpoint that can be read; null if there is none at all. */
function newestUsable<T>(caller: string, path: string, read: (folder: string) => T): Loaded<T> | null {
  const folders = candidates(path);
  const problems: string[] = [];
  for (const folder of folders) {
    try {
      const value = read(folder);
      return {
        path: folder,
        value,
        warnings: problems.map((problem) => `${problem}; the one before it is used.`),
      };
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (folders.length === 0) return null;
  throw new Error(
    `${caller}: no checkpoint in ${path} can be used: ${problems.join('; ')}. Restore one from a backup, or start anew in another folder.`,
  );
}

/**
 * Reads the newest checkpoint that is whole, checking every file against its hash; damaged ones are passed over.
 *
 * @param path A run's folder, its `checkpoints` folder, or one checkpoint.
 * @returns The checkpoint, with a warning for each newer one that is damaged; null if there is no checkpoint.
 * @throws Error if there are checkpoints but none can be used; it says why for each.
 */
export function loadCheckpoint(path: string): Loaded<Checkpoint> | null {
  return newestUsable('loadCheckpoint', path, readCheckpointFolder);
}

/**
 * Reads the weights of the newest checkpoint whose weights are whole.
 *
 * @param path A run's folder, its `checkpoints` folder, or one checkpoint.
 * @param which `model`: as trained; `ema`: averaged.
 * @throws Error if there is no checkpoint, or none can be used.
 */
export function loadCheckpointWeights(path: string, which: 'model' | 'ema'): Loaded<CheckpointWeights> {
  const found = newestUsable('loadCheckpointWeights', path, (folder) => readCheckpointWeights(folder, which));
  if (found !== null) return found;
  throw new Error(
    `loadCheckpointWeights: ${path} must be a run, its checkpoints folder or one checkpoint, but it has no checkpoint.`,
  );
}
