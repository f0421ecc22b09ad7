import { checkInteger, checkPlace, checkStep } from './batchChecks';
import type { Batch, BatchOptions, BatchSource } from './batches';
import type { ImageDecoder, ImageForm } from './image/imageDecoder';
import type { Source } from './source';
import { assembleRows } from './stream/assembleRows';
import type { Workshop } from './stream/assembleRows';
import { fillAhead } from './stream/fillAhead';
import type { AheadBatches } from './stream/fillAhead';
import { findForm } from './stream/findForm';
import { drawMirror, packRows, unpackBatch } from './stream/packRows';
import type { PackedBatch } from './stream/packRows';
import { randomReader } from './stream/randomReader';
import { permutedOrder, windowedOrder } from './stream/sampleOrder';
import type { ReaderPlace, SampleReader } from './stream/sampleReader';
import { windowReader } from './stream/windowReader';

/** Options of {@link streamBatches}. */
export interface StreamOptions extends BatchOptions {
  /**
   * Side of the square that every image is scaled and cropped to as by `centerCrop`. Default null: images stay as they
   * are, and must all be of one size.
   */
  size?: number | null;
  /** Channels of an image, 1 (grey) or 3. Default: as the first image, 1 or 3. */
  channels?: 1 | 3;
  /** Samples among which the order of shards that are read front to back is shuffled. Default 8192. */
  shuffleBuffer?: number;
  /** Batches that are filled ahead. Default 4. */
  prefetch?: number;
  /** Decodes stored images; borrowed. Not needed for sources of pixels or values. */
  decoder?: ImageDecoder;
  /** Ends the stream when it is aborted, as `close` does. */
  signal?: AbortSignal;
}

/** What a stream has done since it was opened. */
export interface StreamStats {
  /** Batches that were asked for. */
  readonly batches: number;
  /** Samples in them. */
  readonly samples: number;
  /** Seconds since the first batch was asked for. */
  readonly seconds: number;
  /** Of these, seconds in which `batchAt` made its caller wait. */
  readonly waitSeconds: number;
  /** waitSeconds / seconds; 0 before the first batch. */
  readonly waitShare: number;
  /** Images decoded, those of batches that are filled ahead too. */
  readonly decoded: number;
  /** Damaged samples that were left out. */
  readonly skipped: number;
}

/** Batches from a stored data set. */
export interface BatchStream extends BatchSource {
  batchAt(step: number, batchSize: number): Promise<Batch>;
  stats(): StreamStats;
  /** Ends the reading and frees the batches that were filled ahead. Batches that are waited for fail. */
  close(): Promise<void>;
}

const DEFAULTS = {
  ...{ shuffle: true, horizontalFlip: false, rank: 0, worldSize: 1 },
  ...{ size: null, shuffleBuffer: 8192, prefetch: 4 },
};

type FullOptions = StreamOptions & Required<Omit<StreamOptions, 'channels' | 'decoder' | 'signal'>>;

function checkOptions(source: Source, options: FullOptions): void {
  checkPlace('streamBatches', options);
  checkInteger('streamBatches', 'shuffleBuffer', options.shuffleBuffer, 1);
  checkInteger('streamBatches', 'prefetch', options.prefetch, 0);
  if (options.size !== null) checkInteger('streamBatches', 'size', options.size, 1);
  if (source.shards.every(({ count }) => count === 0)) {
    throw new RangeError(`streamBatches: data set ${source.name} must have at least one sample, got none.`);
  }
}

/** Opens the reader that suits a source. */
function readerFactory(source: Source, options: FullOptions): (place: ReaderPlace) => SampleReader {
  if (source.access === 'random') {
    const order = permutedOrder(source, options);
    return (place) => randomReader(source, order, place);
  }
  const order = windowedOrder(source.shards, options);
  return (place) => windowReader(source, order, place);
}

/** Counts what a stream does. */
function createMeter(source: Source) {
  let [batches, samples, decoded, waitSeconds] = [0, 0, 0, 0];
  let began: number | null = null;
  const now = () => performance.now() / 1000;
  return {
    onDecoded: (images: number) => {
      decoded += images;
    },
    async timed(rows: number, wait: () => Promise<Batch>): Promise<Batch> {
      const start = now();
      began ??= start;
      try {
        return await wait();
      } finally {
        waitSeconds += now() - start;
        batches++;
        samples += rows;
      }
    },
    stats: (): StreamStats => {
      const seconds = began === null ? 0 : now() - began;
      const waitShare = seconds > 0 ? waitSeconds / seconds : 0;
      return { batches, samples, seconds, waitSeconds, waitShare, decoded, skipped: source.damage.skipped };
    },
  };
}

/**
 * Training batches from a stored data set of any size: a pure function of (seed, position), with batches filled ahead.
 *
 * **Order.** Every sample exactly once an epoch over all ranks; batches run on across epochs; position k holds the same
 * sample whatever the batch size; rank r of W gets the positions with k mod W = r. A source with random access has the
 * order of `batchesOf`: a permutation of each epoch. Shards that are read front to back come in an order drawn anew each
 * epoch and pass through a shuffle buffer: their samples, one after the other, are cut into windows of `shuffleBuffer`
 * samples, and each window is put into random order. The order depends on (seed, epoch, counts of the shards) alone.
 *
 * **Reading ahead.** Consecutive steps of one batch size are served from what was filled ahead. Any other step, or
 * size, moves the stream there: a resumed run reads again only what remains of the window it stopped in.
 *
 * **Memory.** At most (shuffleBuffer + (prefetch + 1) batchSize) / worldSize samples as they are stored (those of the
 * other ranks are read past), and prefetch + 1 batches as bytes (values: as floats), which take twice that while they
 * are put together. Random access holds no stored samples but those of the batches in preparation, and 4 bytes a sample
 * for each of two orders.
 *
 * **Damage.** Where the source's policy is `skip`, the place of a damaged sample is taken by the next good sample of the
 * order (from the end of an epoch it goes on at its beginning), which keeps its own place too, so that no other
 * sample moves. Where it is `fail`, the `batchAt` that needs the sample throws what the damage log says.
 *
 * @param source Borrowed: it must stay open until the stream is closed.
 * @throws RangeError if an option is out of range; Error if the first sample cannot be read.
 */
export async function streamBatches(source: Source, options: StreamOptions): Promise<BatchStream> {
  const full: FullOptions = { ...DEFAULTS, ...options };
  checkOptions(source, full);
  const { seed, rank, worldSize, horizontalFlip, decoder = null } = full;
  const { name, numClasses, classNames } = source;
  const closing = new AbortController();
  const meter = createMeter(source);
  const shop = { source, decoder, onDecoded: meter.onDecoded, lost: new Set<number>() };
  const first = await findForm(
    { ...shop, form: { size: full.size, channels: full.channels ?? null } },
    full.signal,
  );
  if (horizontalFlip && first.kind === 'values') {
    throw new RangeError(
      `streamBatches: horizontalFlip must be false for values, got true for data set ${name}.`,
    );
  }
  const form: ImageForm = { size: full.size, channels: first.channels };
  const openReader = readerFactory(source, full);
  const count = source.shards.reduce((sum, shard) => sum + shard.count, 0);
  const sampleShape = first.shape;

  async function fill(
    reader: SampleReader,
    step: number,
    batchSize: number,
    signal: AbortSignal,
  ): Promise<PackedBatch> {
    const rows = batchSize / worldSize;
    const positions = Array.from({ length: rows }, (_, row) => step * batchSize + row * worldSize + rank);
    const workshop: Workshop = { ...shop, form, signal };
    const ready = await assembleRows(workshop, reader, positions);
    const epochOf = (i: number) => Math.floor((positions[i] ?? 0) / count);
    return packRows(
      ready,
      first,
      source,
      (row, i) => horizontalFlip && drawMirror(seed, epochOf(i), row.ordered.number),
    );
  }

  let ahead: AheadBatches | null = null;
  function moveTo(step: number, batchSize: number): AheadBatches {
    ahead?.retire();
    const session = new AbortController();
    const signal = AbortSignal.any([closing.signal, session.signal]);
    const reader = openReader({ start: step * batchSize, rank, worldSize, signal });
    return fillAhead({
      first: step,
      batchSize,
      prefetch: full.prefetch,
      reader,
      session,
      fill: (next) => fill(reader, next, batchSize, signal),
    });
  }
  async function batchAt(step: number, batchSize: number): Promise<Batch> {
    checkStep('streamBatches', step, batchSize, worldSize);
    closing.signal.throwIfAborted();
    return meter.timed(batchSize / worldSize, async () => {
      if (ahead?.has(step, batchSize) !== true) ahead = moveTo(step, batchSize);
      const session = ahead;
      try {
        const packed = await session.take(step);
        return unpackBatch(packed, sampleShape, Math.floor((step * batchSize) / count));
      } catch (error) {
        if (ahead === session) ahead = null; // the next step begins anew: what failed may not concern it
        session.retire();
        throw error;
      }
    });
  }
  async function close(
    reason: unknown = new Error(`streamBatches: the stream of ${name} was closed.`),
  ): Promise<void> {
    closing.abort(reason);
    full.signal?.removeEventListener('abort', onAbort);
    await ahead?.end();
    ahead = null;
  }
  const onAbort = () => void close(full.signal?.reason);
  full.signal?.addEventListener('abort', onAbort, { once: true });
  if (full.signal?.aborted === true) onAbort();
  return {
    name,
    count,
    sampleShape,
    numClasses,
    ...(classNames && { classNames }),
    batchAt,
    stats: meter.stats,
    close,
  };
}
