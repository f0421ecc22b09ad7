import { canonicalJson } from './json';
import type { JsonValue } from './json';
import { sha256 } from './sha256';
import type { TrainSnapshot } from './trainState';
import { checkWeights } from './weights';
import type { HostWeights } from './weights';
import { decodeWeights, encodeWeights } from './weightsFile';
import type { WeightsFile } from './weightsFile';

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

/** The weights of a checkpoint, for drawing samples. */
export interface CheckpointWeights {
  weights: HostWeights;
  /** The run's configuration. */
  config: JsonValue;
  step: number;
}

/** The files of a checkpoint. `state.json` is the last one to write: it has the hashes of the others. */
export const checkpointFiles = [
  'model.safetensors',
  'ema.safetensors',
  'optimizer.safetensors',
  'state.json',
] as const;
export type CheckpointFileName = (typeof checkpointFiles)[number];

/** Options of the functions that write and read checkpoints. */
export interface CheckpointOptions {
  /** SHA-256 in hexadecimal. Default {@link sha256}; where there is a faster one, such as Node's, use that. */
  hash?: (data: Uint8Array | string) => string;
}

const FORMAT_VERSION = 1;
const STATE_FILE = 'state.json';
type WeightsFileName = Exclude<CheckpointFileName, typeof STATE_FILE>;

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

/**
 * The files of a checkpoint, one after the other in the order in which they must reach the disk. Each is made when it is
 * asked for, so that only one is in memory at a time.
 *
 * @param checkpoint Borrowed.
 */
export function* encodeCheckpoint(
  { snapshot, config, seed, data }: Checkpoint,
  { hash = sha256 }: CheckpointOptions = {},
): Generator<readonly [name: CheckpointFileName, bytes: Uint8Array<ArrayBuffer>], void> {
  const { step, skipped, skippedInRow } = snapshot;
  const parts = [
    ['model.safetensors', () => snapshot.weights],
    ['ema.safetensors', () => snapshot.ema],
    ['optimizer.safetensors', () => optimizerWeights(snapshot)],
  ] as const;
  const hashes: [WeightsFileName, string][] = [];
  for (const [name, weights] of parts) {
    const bytes = encodeWeights(weights(), config, { step: String(step) });
    hashes.push([name, hash(bytes)]);
    yield [name, bytes];
  }
  const files = Object.fromEntries(hashes) as Record<WeightsFileName, string>;
  const configHash = hash(canonicalJson(config));
  const state = { formatVersion: FORMAT_VERSION, step, skipped, skippedInRow, seed, data, configHash, files };
  const text = JSON.stringify({ ...state, stateHash: hash(canonicalJson(state)) }, null, 2);
  yield [STATE_FILE, new TextEncoder().encode(`${text}\n`)];
}

/**
 * Reads one file of a checkpoint.
 *
 * @throws Error if there is none; it becomes a part of the sentence that the caller gets.
 */
export type CheckpointReader = (name: CheckpointFileName) => Uint8Array;

function fail(source: string, problem: string): never {
  throw new Error(`${source} ${problem}`);
}

function readBytes(source: string, read: CheckpointReader, name: CheckpointFileName): Uint8Array {
  try {
    return read(name);
  } catch (error) {
    return fail(
      source,
      `has no readable ${name} (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function readState(source: string, read: CheckpointReader, hash: (text: string) => string): StateFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(readBytes(source, read, STATE_FILE)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    fail(source, `has a damaged ${STATE_FILE} (not JSON)`);
  }
  if (typeof parsed !== 'object' || parsed === null)
    fail(source, `has a damaged ${STATE_FILE} (not an object)`);
  const { stateHash, ...state } = parsed as StateFile & { stateHash?: unknown };
  if (state.formatVersion > FORMAT_VERSION) {
    fail(source, `has format version ${state.formatVersion}, newer than ${FORMAT_VERSION}`);
  }
  if (stateHash !== hash(canonicalJson(state))) {
    fail(source, `has a damaged ${STATE_FILE} (its hash differs)`);
  }
  return state;
}

/**
 * Reads and checks a whole checkpoint.
 *
 * @param source Its name, for messages.
 * @param read Gives its files.
 * @returns The checkpoint, whose weights may be views of what `read` gave.
 * @throws Error that says what is missing or damaged.
 */
export function decodeCheckpoint(
  source: string,
  read: CheckpointReader,
  { hash = sha256 }: CheckpointOptions = {},
): Checkpoint {
  const state = readState(source, read, hash);
  const decode = (name: WeightsFileName) => decodeChecked(source, name, read, state, hash);
  const [model, ema, optimizer] = [
    decode('model.safetensors'),
    decode('ema.safetensors'),
    decode('optimizer.safetensors'),
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
    checkWeights(expected, snapshot[part], `${part} of ${source}`);
  return { snapshot, seed, data, config: model.config };
}

function decodeChecked(
  source: string,
  name: WeightsFileName,
  read: CheckpointReader,
  state: StateFile,
  hash: (bytes: Uint8Array) => string,
): WeightsFile {
  const bytes = readBytes(source, read, name);
  if (hash(bytes) !== state.files[name]) fail(source, `has a damaged ${name} (its hash differs)`);
  return decodeWeights(bytes);
}

/**
 * Reads and checks the weights of a checkpoint, and nothing else of it.
 *
 * @param source Its name, for messages.
 * @param read Gives its files.
 * @param which `model`: as trained; `ema`: averaged.
 * @throws Error that says what is missing or damaged.
 */
export function decodeCheckpointWeights(
  source: string,
  read: CheckpointReader,
  which: 'model' | 'ema',
  { hash = sha256 }: CheckpointOptions = {},
): CheckpointWeights {
  const state = readState(source, read, hash);
  const { weights, config } = decodeChecked(source, `${which}.safetensors`, read, state, hash);
  return { weights, config, step: state.step };
}
