import type { Checkpoint } from '@meanflow/train';
import { loadCheckpoint } from '@meanflow/train/node';
import type { DatasetInfo } from '@meanflow/train/run';
import { changesBetween, showChange } from '../config/changes';
import type { RunConfig } from '../config/schema';
import { show } from '../config/show';
import { asUserError, UserError } from '../userError';
import { readCheckpointConfig } from './checkpointConfig';
import { checkSameRun } from './plan';
import type { Plan } from './plan';

/** Where a training starts. */
export interface StartPoint {
  /** null: at step 0. */
  readonly checkpoint: Checkpoint | null;
  /** Sentences that the user should read. */
  readonly notes: readonly string[];
}

function loadNewest(root: string) {
  try {
    return loadCheckpoint(root);
  } catch (error) {
    throw asUserError(error);
  }
}

/** Refuses to go on with other data than those of the checkpoint, e.g. after a file was replaced. */
function checkSameData(trained: DatasetInfo, found: DatasetInfo): void {
  const [change] = changesBetween(trained, found);
  if (change === undefined) return;
  const { path, from, to } = change;
  throw new UserError(
    `the data must be those that the run was trained on, with ${path} ${show(from)}, got ${show(to)}.`,
  );
}

/** What the user should know of a configuration that changes on the way. */
function notesOn(saved: RunConfig, config: RunConfig, step: number): string[] {
  const notes = changesBetween(saved, config).map((change) => `From step ${step} on: ${showChange(change)}.`);
  const { schedule } = config.optimizer;
  if (schedule.kind === 'cosine' && config.steps !== saved.steps) {
    notes.push(
      `The cosine of the learning rate now ends at step ${config.steps}, so the rate jumps at step ${step}.`,
    );
  }
  return notes;
}

/**
 * Finds where to go on: the newest checkpoint that is whole. Call it with the run's folder locked.
 *
 * @param config The configuration from now on.
 * @param data The data at hand.
 * @throws UserError if all checkpoints are damaged, or are not of this configuration and data.
 */
export function findStart({ root, saved }: Plan, config: RunConfig, data: DatasetInfo): StartPoint {
  if (saved === null) return { checkpoint: null, notes: [] };
  const loaded = loadNewest(root);
  if (loaded === null) {
    return {
      checkpoint: null,
      notes: [`${root} has no checkpoint yet: training starts at step 0.`, ...notesOn(saved, config, 0)],
    };
  }
  const { value: checkpoint, warnings } = loaded;
  const trained = readCheckpointConfig(checkpoint.config, loaded.path);
  checkSameRun(root, trained.config, config); // config.yaml may have been edited
  checkSameData(trained.dataset, data);
  const { step } = checkpoint.snapshot;
  if (config.steps < step) {
    throw new UserError(
      `steps must be at least ${step}, which are done already in ${root}, got ${config.steps}.`,
    );
  }
  return { checkpoint, notes: [...warnings, ...notesOn(saved, config, step)] };
}
