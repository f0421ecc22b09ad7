import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stepName } from '../stepName';
import { cleanCheckpoints } from './checkpoints';
import { PARTIAL_SUFFIX, syncFolder } from './durableFiles';
import { acquireRunLock } from './runLock';

/** Where a run keeps its files. */
export interface RunPaths {
  /** The run's folder; TensorBoard's event files lie in it. */
  readonly root: string;
  /** The whole configuration, `config.yaml`. */
  readonly config: string;
  /** One JSON object a line, `metrics.jsonl`. */
  readonly metrics: string;
  /** Folder of the checkpoints. */
  readonly checkpoints: string;
  /** Picture of the samples drawn after a step, `samples/step-00001000.png`. */
  readonly sample: (step: number) => string;
}

/** A run's folder that this process trains into. It holds the folder's lock until `close`. */
export interface RunDirectory extends RunPaths {
  /** Gives the lock back. */
  close(): void;
}

/** The files of the run in a folder. Touches nothing. */
export function runPaths(root: string): RunPaths {
  return {
    root,
    config: join(root, 'config.yaml'),
    metrics: join(root, 'metrics.jsonl'),
    checkpoints: join(root, 'checkpoints'),
    sample: (step) => join(root, 'samples', `${stepName(step)}.png`),
  };
}

/** What `replaceDurably` of a killed process left. */
function removePartialFiles(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith(PARTIAL_SUFFIX)) rmSync(join(folder, name));
}

/**
 * Opens a run's folder for training: makes it and its `checkpoints` and `samples` if they are not there, takes its lock
 * and removes what a killed process left half written.
 *
 * @throws Error if another process trains into it.
 */
export function openRunDirectory(root: string): RunDirectory {
  const paths = runPaths(root);
  const samples = join(root, 'samples');
  for (const folder of [paths.checkpoints, samples]) mkdirSync(folder, { recursive: true });
  syncFolder(root);
  const lock = acquireRunLock(root);
  for (const folder of [root, samples]) removePartialFiles(folder);
  cleanCheckpoints(paths.checkpoints);
  return {
    ...paths,
    close: () => {
      lock.release();
    },
  };
}
