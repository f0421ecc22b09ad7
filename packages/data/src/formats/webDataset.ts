import type { DamageLog, DamageOptions } from '../damage';
import { gunzipWithStreams } from '../io/gunzipStream';
import type { GunzipStream } from '../io/gunzipStream';
import { inParallel } from '../io/inParallel';
import { reasonOf } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';
import type { SequentialSource, StoredSample } from '../source';
import { readShard } from './shardEvents';
import { OFFSET_STRIDE, parseShardIndex, scanShard, stringifyShardIndex } from './shardIndex';
import type { IndexStore, ShardIndex } from './shardIndex';
import { checkClasses, damageLogOf } from './sourceOptions';
import type { SampleFiles } from './webDatasetSamples';

/** How far the opening of a source is. */
export interface ScanProgress {
  /** Shards that are done, and all. */
  readonly shards: number;
  readonly totalShards: number;
  /** Samples found. */
  readonly samples: number;
}

/** Options of {@link openWebDataset}. */
export interface WebDatasetOptions {
  /** Name of the data set. Default `webdataset`. */
  name?: string;
  /** Number of classes, 0 to ignore labels. Default as many as `classNames`, else the largest label plus 1. */
  numClasses?: number;
  /** One name a class. */
  classNames?: readonly string[];
  /** What to do about damage, or the log to report it to. Default the policy `fail`. */
  damage?: DamageOptions | DamageLog;
  /** Samples of each shard, where they are known. Default: shards are looked through once. */
  counts?: readonly number[];
  /** Keeps what was learnt by looking through the shards. Default: nothing is kept. */
  indexes?: IndexStore;
  /** Unpacks gzip. Default: the platform's DecompressionStream. */
  gunzip?: GunzipStream;
  /** Shards that are looked through at the same time. Default 2. */
  concurrency?: number;
  /** Largest image file, in bytes; what is larger is a damage. Default 2^28. */
  maxImageBytes?: number;
  signal?: AbortSignal;
  /** Called as shards are looked through. */
  onProgress?: (progress: ScanProgress) => void;
}

const DEFAULT_MAX_IMAGE_BYTES = 2 ** 28;

/** A shard with what is known of it; no index where only its count is. */
interface KnownShard {
  readonly file: StoredFile;
  readonly count: number;
  readonly index: ShardIndex | null;
}

async function indexOf(
  file: StoredFile,
  options: WebDatasetOptions,
  onSamples: (found: number) => void,
): Promise<ShardIndex> {
  const { indexes, gunzip = gunzipWithStreams, signal } = options;
  const { size, version } = await file.stat(signal);
  const key = version === null ? null : JSON.stringify([file.name, size, version]);
  const stored = key === null ? undefined : await indexes?.load(key);
  const known = typeof stored === 'string' ? parseShardIndex(stored) : null;
  if (known !== null) return known;
  const index = await scanShard(file, { gunzip, signal, onSamples });
  const isWhole = index.damages.every(({ key: sample }) => sample !== null); // what a server broke may heal
  if (key !== null && (isWhole || file.seeksCheaply)) await indexes?.save(key, stringifyShardIndex(index));
  return index;
}

async function knowShards(
  files: readonly StoredFile[],
  options: WebDatasetOptions,
  log: DamageLog,
): Promise<KnownShard[]> {
  const { counts, signal, onProgress, concurrency = 2 } = options;
  if (counts !== undefined) {
    return files.map((file, i) => ({ file, count: counts[i] ?? 0, index: null }));
  }
  const samples = files.map(() => 0);
  let shards = 0;
  const tell = () =>
    onProgress?.({ shards, totalShards: files.length, samples: samples.reduce((a, b) => a + b, 0) });
  const found = await inParallel(files, concurrency, async (file, i) => {
    let index: ShardIndex | null = null;
    let problem = '';
    try {
      index = await indexOf(file, options, (n) => {
        samples[i] = n;
        tell();
      });
    } catch (error) {
      signal?.throwIfAborted();
      problem = `the shard must be readable, got ${reasonOf(error)}`;
    } finally {
      await file.close(); // there may be thousands
    }
    samples[i] = index?.count ?? 0;
    shards++;
    tell();
    return { file, index, problem };
  });
  return found.map(({ file, index, problem }) => {
    if (index === null) log.report({ shard: file.name, key: null, offset: null, problem });
    for (const damage of index?.damages ?? []) log.report({ shard: file.name, ...damage });
    return { file, count: index?.count ?? 0, index };
  });
}

function labelProblem(label: number, numClasses: number): string {
  return `the label must be in [0, ${numClasses}), got ${label}`;
}

/** Labels that cannot be are told before the first epoch, as far as the indexes know them. */
function reportLabels(shards: readonly KnownShard[], numClasses: number, log: DamageLog): void {
  if (numClasses === 0) return;
  for (const { file, index } of shards) {
    const { highest, unlabelled } = index ?? {};
    if (highest && highest.label >= numClasses) {
      const { label, ...place } = highest;
      log.report({ shard: file.name, ...place, problem: labelProblem(label, numClasses) });
    }
    if (unlabelled) log.report({ shard: file.name, ...unlabelled, problem: NO_LABEL });
  }
}

const NO_LABEL = 'the sample must have a label, as others have (.cls, .json or .txt)';

function classesOf(shards: readonly KnownShard[], options: WebDatasetOptions): number {
  const { numClasses, classNames } = options;
  const given = numClasses ?? classNames?.length;
  if (given !== undefined) return given;
  if (options.counts !== undefined) {
    throw new Error(
      'openWebDataset: numClasses must be given where the counts of shards are, got none. Likely fix: set numClasses, 0 for a set without labels.',
    );
  }
  return shards.reduce((most, { index }) => Math.max(most, (index?.highest?.label ?? -1) + 1), 0);
}

/** What keeps a sample from being used; null if nothing does. */
function problemOf({ image, label }: SampleFiles, numClasses: number, maxImageBytes: number): string | null {
  if (image === null) return 'the sample must have an image';
  if (image.content === null) return `the image must have at most ${maxImageBytes} bytes`;
  if (numClasses === 0) return null;
  if (typeof label === 'string') return label;
  if (label === null) return NO_LABEL;
  return label < numClasses ? null : labelProblem(label, numClasses);
}

/**
 * A source over the shards of a WebDataset: tar archives, plain or gzip, whose samples are files with the same name.
 *
 * Shards whose counts are not given are looked through once, for their samples and labels. Unpacked shards are then
 * entered in the middle by a jump; packed ones are passed over from their beginning. A sample takes the memory of its
 * own files; besides, a shard that is being read holds one piece of its file (256 KiB, or what 64 KiB of gzip unpack to).
 *
 * @param files Shards, in the order that sample numbers follow. They are closed with the source.
 * @throws Error, one sentence, by the damage policy, or if there is no sample; the signal's reason if it aborts.
 */
export async function openWebDataset(
  files: readonly StoredFile[],
  options: WebDatasetOptions = {},
): Promise<SequentialSource> {
  checkClasses('openWebDataset', options);
  const {
    name = 'webdataset',
    classNames,
    gunzip = gunzipWithStreams,
    maxImageBytes = DEFAULT_MAX_IMAGE_BYTES,
  } = options;
  if (options.counts !== undefined && options.counts.length !== files.length) {
    throw new RangeError(
      `openWebDataset: counts must have one number for each of ${files.length} shards, got ${options.counts.length}.`,
    );
  }
  const damage = damageLogOf(options.damage);
  const shards = await knowShards(files, options, damage);
  if (shards.every(({ count }) => count === 0)) {
    throw new Error(
      `openWebDataset: ${name} must hold at least one sample, got none in ${files.length} shards. Likely fix: check that they are tar files of images.`,
    );
  }
  const numClasses = classesOf(shards, options);
  reportLabels(shards, numClasses, damage);

  async function* read(shard: number, first: number, signal?: AbortSignal): AsyncGenerator<StoredSample> {
    const known = shards[shard];
    if (known === undefined) {
      throw new RangeError(`read: shard must be in [0, ${shards.length}), got ${shard}.`);
    }
    const { file, count, index } = known;
    if (first >= count) return;
    const stride = Math.floor(first / OFFSET_STRIDE);
    const offset = index?.offsets[stride];
    const start = offset === undefined ? { offset: 0, index: 0 } : { offset, index: stride * OFFSET_STRIDE };
    const wantsImage = (i: number, size: number) => i >= first && i < count && size <= maxImageBytes;
    let [next, ended] = [start.index, false];
    for await (const events of readShard({ file, gunzip, start, seeks: false, wantsImage, signal })) {
      for (const event of events) {
        if (event.kind === 'damage') {
          ended ||= event.final;
          const { offset: at, problem } = event;
          const lost = event.final ? { samples: Math.max(count - Math.max(next, first), 1) } : {};
          damage.report({ shard: file.name, key: null, offset: at, problem, ...lost });
          continue;
        }
        const { sample } = event;
        next = sample.index + 1;
        if (sample.index < first) continue;
        if (sample.index >= count) return;
        const problem = problemOf(sample, numClasses, maxImageBytes);
        if (problem !== null) {
          damage.report({ shard: file.name, key: sample.key, offset: sample.offset, problem });
          continue;
        }
        yield {
          index: sample.index,
          key: sample.key,
          offset: sample.offset,
          label: numClasses === 0 ? 0 : (sample.label as number),
          content: { kind: 'encoded', bytes: sample.image?.content ?? new Uint8Array() },
        };
      }
    }
    if (!ended && next < count) {
      const problem = `the shard must have ${count} samples, as it had when it was opened or by its index, got ${next}`;
      damage.report({ shard: file.name, key: null, offset: null, problem, samples: count - next });
    }
  }

  return {
    name,
    access: 'sequential',
    shards: shards.map(({ file, count }) => ({ name: file.name, count })),
    numClasses,
    ...(classNames && numClasses > 0 && { classNames }),
    damage,
    read,
    close: async () => {
      await Promise.all(files.map((file) => file.close()));
    },
  };
}
