import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { canonicalJson } from '../json';
import type { JsonValue } from '../json';
import type { TrainSnapshot } from '../trainState';
import { checkWeights } from '../weights';
import type { HostWeights } from '../weights';
import { decodeWeights, encodeWeights } from '../weightsFile';
import type { WeightsFile } from '../weightsFile';
import { syncFolder, writeDurably } from './durableFiles';

/** What a training goes on from. It holds no clock time: equal runs write equal bytes. */
export interface Checkpoint {
  /** Weights, averages, moments and counts. */
  readonly snapshot: TrainSnapshot;
  /** The run's seed. */
  readonly seed: number;
  /** Where the data stream stands, in the data source's own terms; null if the step says it all. */
  readonly data: JsonValue;
  /** The run's configuration, which is written into every weights file. */
  readonly config: JsonValue;
}

const FORMAT_VERSION = 1;
const STATE_FILE = 'state.json';
const weightsFiles = ['model.safetensors', 'ema.safetensors', 'optimizer.safetensors'] as const;
type WeightsFileName = (typeof weightsFiles)[number];

interface StateFile {
  formatVersion: number;
  step: number;
  skipped: number;
  skippedInRow: number;
  seed: number;
  data: JsonValue;
  configHash: string;
  /** SHA-256 of each weights file. */
  files: Record<WeightsFileName, string>;
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `m.` and `v.` in front of the weights' names. */
function optimizerWeights({ m, v }: TrainSnapshot): HostWeights {
  const named = (prefix: string, weights: HostWeights) =>
    Object.entries(weights).map(([name, tensor]) => [`${prefix}.${name}`, tensor] as const);
  return Object.fromEntries([...named('m', m), ...named('v', v)]);
}

function momentsOf(prefix: string, optimizer: HostWeights): HostWeights {
  const start = `${prefix}.`;
  const entries = Object.entries(optimizer).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(start.length), tensor]));
}

/** Writes a checkpoint into a new folder and waits until it is on the disk; `state.json` is written last. */
export function writeCheckpointFolder(folder: string, checkpoint: Checkpoint): void {
  const { snapshot, config, seed, data } = checkpoint;
  const { step, skipped, skippedInRow } = snapshot;
  mkdirSync(folder);
  const write = (file: WeightsFileName, weights: HostWeights): string => {
    const bytes = encodeWeights(weights, config, { step: String(step) });
    writeDurably(join(folder, file), bytes);
    return sha256(bytes);
  };
  const files = {
    'model.safetensors': write('model.safetensors', snapshot.weights),
    'ema.safetensors': write('ema.safetensors', snapshot.ema),
    'optimizer.safetensors': write('optimizer.safetensors', optimizerWeights(snapshot)),
  };
  const configHash = sha256(canonicalJson(config));
  const state = { formatVersion: FORMAT_VERSION, step, skipped, skippedInRow, seed, data, configHash, files };
  const text = JSON.stringify({ ...state, stateHash: sha256(canonicalJson(state)) }, null, 2);
  writeDurably(join(folder, STATE_FILE), new TextEncoder().encode(`${text}\n`));
  syncFolder(folder);
}

function fail(folder: string, problem: string): never {
  throw new Error(`${basename(folder)} ${problem}`);
}

function readBytes(folder: string, file: string): Uint8Array {
  try {
    return readFileSync(join(folder, file));
  } catch (error) {
    return fail(
      folder,
      `has no readable ${file} (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function readState(folder: string): StateFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(readBytes(folder, STATE_FILE)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    fail(folder, `has a damaged ${STATE_FILE} (not JSON)`);
  }
  if (typeof parsed !== 'object' || parsed === null)
    fail(folder, `has a damaged ${STATE_FILE} (not an object)`);
  const { stateHash, ...state } = parsed as StateFile & { stateHash?: unknown };
  if (state.formatVersion > FORMAT_VERSION) {
    fail(folder, `has format version ${state.formatVersion}, newer than ${FORMAT_VERSION}`);
  }
  if (stateHash !== sha256(canonicalJson(state))) {
    fail(folder, `has a damaged ${STATE_FILE} (its hash differs)`);
  }
  return state;
}

function readWeightsFile(folder: string, file: WeightsFileName, state: StateFile): WeightsFile {
  const bytes = readBytes(folder, file);
  if (sha256(bytes) !== state.files[file]) fail(folder, `has a damaged ${file} (its hash differs)`);
  return decodeWeights(bytes);
}

/**
 * Reads and checks a whole checkpoint.
 *
 * @param folder The checkpoint's own folder, e.g. `checkpoints/step-00001000`.
 * @throws Error that says what is missing or damaged.
 */
export function readCheckpointFolder(folder: string): Checkpoint {
  const state = readState(folder);
  const [model, ema, optimizer] = weightsFiles.map((file) => readWeightsFile(folder, file, state)) as [
    WeightsFile,
    WeightsFile,
    WeightsFile,
  ];
  const { step, skipped, skippedInRow, seed, data } = state;
  const snapshot = {
    weights: model.weights,
    ema: ema.weights,
    m: momentsOf('m', optimizer.weights),
    v: momentsOf('v', optimizer.weights),
    ...{ step, skipped, skippedInRow },
  };
  const expected = Object.entries(model.weights).map(([name, { shape }]) => ({ name, shape }));
  for (const part of ['ema', 'm', 'v'] as const)
    checkWeights(expected, snapshot[part], `${part} of ${basename(folder)}`);
  return { snapshot, seed, data, config: model.config };
}

/** The weights of a checkpoint, for drawing samples. */
export interface CheckpointWeights {
  weights: HostWeights;
  /** The run's configuration. */
  config: JsonValue;
  step: number;
}

/**
 * Reads and checks the weights of a checkpoint, and nothing else of it.
 *
 * @param which `model`: as trained; `ema`: averaged.
 * @throws Error that says what is missing or damaged.
 */
export function readCheckpointWeights(folder: string, which: 'model' | 'ema'): CheckpointWeights {
  const state = readState(folder);
  const { weights, config } = readWeightsFile(folder, `${which}.safetensors`, state);
  return { weights, config, step: state.step };
}
