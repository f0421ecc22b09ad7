import type { GunzipStream } from '../io/gunzipStream';
import type { StoredFile } from '../io/storedFile';
import { readShard } from './shardEvents';

/** A damage within a shard. */
interface ShardDamage {
  readonly key: string | null;
  readonly offset: number;
  readonly problem: string;
}

/** What one look through a shard tells: enough to plan an epoch and to begin in the middle. Plain JSON. */
export interface ShardIndex {
  /** Samples, damaged ones included. */
  readonly count: number;
  /** How many of them have a label. */
  readonly labelled: number;
  /** The first without; null if all have one. */
  readonly unlabelled: { readonly key: string; readonly offset: number } | null;
  /** The sample with the largest label; null without labels. */
  readonly highest: { readonly label: number; readonly key: string; readonly offset: number } | null;
  readonly compressed: boolean;
  /** Where samples 0, `OFFSET_STRIDE`, 2 `OFFSET_STRIDE`, ... begin; empty for compressed shards. */
  readonly offsets: readonly number[];
  /** The first damages, at most {@link REMEMBERED_DAMAGES}. */
  readonly damages: readonly ShardDamage[];
}

/** Samples from one known offset to the next. */
export const OFFSET_STRIDE = 64;

const REMEMBERED_DAMAGES = 1000;

/** Keeps indexes from one run to the next. */
export interface IndexStore {
  /** The text that was saved under this key; null if there is none. */
  load(key: string): Promise<string | null>;
  /** May fail silently: an index can always be made again. */
  save(key: string, text: string): Promise<void>;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isPlace = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) && typeof value['key'] === 'string' && isCount(value['offset']);

function isDamage(value: unknown): value is ShardDamage {
  if (!isRecord(value)) return false;
  const { key, offset, problem } = value;
  return (key === null || typeof key === 'string') && isCount(offset) && typeof problem === 'string';
}

/** An index from its stored text; null if it is damaged or of another version. */
export function parseShardIndex(text: string): ShardIndex | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value['version'] !== VERSION) return null;
  const { count, labelled, unlabelled, highest, compressed, offsets, damages } = value;
  const good =
    isCount(count) &&
    isCount(labelled) &&
    labelled <= count &&
    (unlabelled === null || isPlace(unlabelled)) &&
    (highest === null || (isPlace(highest) && isCount(highest['label']))) &&
    typeof compressed === 'boolean' &&
    Array.isArray(offsets) &&
    offsets.length === (compressed ? 0 : Math.ceil(count / OFFSET_STRIDE)) &&
    offsets.every(isCount) &&
    Array.isArray(damages) &&
    damages.every(isDamage);
  return good ? (value as unknown as ShardIndex) : null;
}

const VERSION = 1;

/** The text under which an index is stored. */
export function stringifyShardIndex(index: ShardIndex): string {
  return JSON.stringify({ version: VERSION, ...index });
}

async function isCompressedFile(file: StoredFile, signal?: AbortSignal): Promise<boolean> {
  const { size } = await file.stat(signal);
  const [first, second] = size === null || size < 2 ? [] : await file.read(0, 2, signal);
  return first === 0x1f && second === 0x8b;
}

/** Options of {@link scanShard}. */
export interface ScanOptions {
  readonly gunzip: GunzipStream;
  readonly signal?: AbortSignal | undefined;
  /** Called as samples are found, with how many. */
  readonly onSamples?: ((found: number) => void) | undefined;
}

/**
 * Looks through a shard: counts its samples and reads their labels, not their images. A file that is not compressed is
 * passed over by seeks.
 *
 * @throws Error if the file is not there; the signal's reason if it aborts.
 */
export async function scanShard(file: StoredFile, options: ScanOptions): Promise<ShardIndex> {
  const { gunzip, signal, onSamples } = options;
  let compressed = file.seeksCheaply && (await isCompressedFile(file, signal));
  const damages: ShardDamage[] = [];
  const offsets: number[] = [];
  let [count, labelled] = [0, 0];
  let highest: ShardIndex['highest'] = null;
  let unlabelled: ShardIndex['unlabelled'] = null;
  const note = (damage: ShardDamage) => {
    if (damages.length < REMEMBERED_DAMAGES) damages.push(damage);
  };
  const seeks = !compressed && file.seeksCheaply;
  const start = { offset: 0, index: 0 };
  const onKind = (isGzip: boolean) => {
    compressed = isGzip;
  };
  const wantsImage = () => false;
  for await (const events of readShard({ file, gunzip, start, seeks, wantsImage, onKind, signal })) {
    for (const event of events) {
      if (event.kind === 'damage') {
        note({ key: null, offset: event.offset, problem: event.problem });
        continue;
      }
      const { key, offset, image, label } = event.sample;
      if (!compressed && count % OFFSET_STRIDE === 0) offsets.push(offset);
      count++;
      if (image === null) note({ key, offset, problem: 'the sample must have an image' });
      if (label === null) unlabelled ??= { key, offset };
      if (typeof label === 'string') note({ key, offset, problem: label });
      if (typeof label === 'number') {
        labelled++;
        if (highest === null || label > highest.label) highest = { label, key, offset };
      }
    }
    onSamples?.(count);
  }
  return { count, labelled, unlabelled, highest, compressed, offsets, damages };
}
