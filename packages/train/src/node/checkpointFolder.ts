import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decodeCheckpoint, decodeCheckpointWeights, encodeCheckpoint } from '../checkpoint';
import type { Checkpoint, CheckpointReader, CheckpointWeights } from '../checkpoint';
import { syncFolder, writeDurably } from './durableFiles';

const hash = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

/** Writes a checkpoint into a new folder and waits until it is on the disk; `state.json` is written last. */
export function writeCheckpointFolder(folder: string, checkpoint: Checkpoint): void {
  mkdirSync(folder);
  for (const [name, bytes] of encodeCheckpoint(checkpoint, { hash })) writeDurably(join(folder, name), bytes);
  syncFolder(folder);
}

const filesOf =
  (folder: string): CheckpointReader =>
  (name) =>
    readFileSync(join(folder, name));

/**
 * Reads and checks a whole checkpoint.
 *
 * @param folder The checkpoint's own folder, e.g. `checkpoints/step-00001000`.
 * @throws Error that says what is missing or damaged.
 */
export function readCheckpointFolder(folder: string): Checkpoint {
  return decodeCheckpoint(basename(folder), filesOf(folder), { hash });
}

/**
 * Reads and checks the weights of a checkpoint, and nothing else of it.
 *
 * @param which `model`: as trained; `ema`: averaged.
 * @throws Error that says what is missing or damaged.
 */
export function readCheckpointWeights(folder: string, which: 'model' | 'ema'): CheckpointWeights {
  return decodeCheckpointWeights(basename(folder), filesOf(folder), which, { hash });
}
