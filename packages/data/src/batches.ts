import { uniforms } from '@meanflow/random';
import { checkPlace, checkStep } from './batchChecks';
import { checkDataset, sampleShapeOf } from './dataset';
import type { ImageDataset, PointDataset } from './dataset';
import { epochOrder } from './epochOrder';
import { pixelToFloat } from './pixels';

/** Host arrays of one batch; the caller owns them. */
export interface Batch {
  /** Samples, [B, ...sampleShape]. Images are scaled to [-1, 1]. */
  readonly x: Float32Array;
  /** Shape of `x`. */
  readonly shape: readonly number[];
  /** Classes, [B]; all 0 when the source has no classes. */
  readonly y: Int32Array;
  /** Epoch that the batch begins in, from 0. A batch may end in a later one. */
  readonly epoch: number;
}

/**
 * Where training batches come from: an endless stream of samples, read by position, with no state to save.
 *
 * Await what `batchAt` returns: a source that reads files or a network answers with a promise.
 */
export interface BatchSource {
  /** Name of the data set. */
  readonly name: string;
  /** Samples in an epoch, over all ranks. */
  readonly count: number;
  /** Shape of one sample, e.g. [height, width, channels]. */
  readonly sampleShape: readonly number[];
  /** Number of classes; 0 for a set without labels. */
  readonly numClasses: number;
  readonly classNames?: readonly string[];
  /**
   * The samples of one training step: stream positions step * batchSize .. (step + 1) * batchSize - 1.
   *
   * @param step Training step, from 0. Any step at any time.
   * @param batchSize Size of the batch over all ranks.
   */
  batchAt(step: number, batchSize: number): Batch | Promise<Batch>;
}

/** A source that holds its data in memory and answers at once. */
export interface MemoryBatchSource extends BatchSource {
  batchAt(step: number, batchSize: number): Batch;
}

/** Options of {@link batchesOf}. */
export interface BatchOptions {
  /** The run's seed, an integer in [0, 2^53). */
  seed: number;
  /** A new order each epoch; false keeps the order of the data set. Default true. */
  shuffle?: boolean;
  /** Mirrors every image left to right with probability 1/2, drawn anew each epoch. Default false; images only. */
  horizontalFlip?: boolean;
  /** This process among `worldSize`, in [0, worldSize). Default 0. */
  rank?: number;
  /** Number of processes that share each batch. Default 1. */
  worldSize?: number;
}

function checkOptions(dataset: ImageDataset | PointDataset, options: Required<BatchOptions>): void {
  checkDataset('batchesOf', dataset);
  checkPlace('batchesOf', options);
  if (options.horizontalFlip && !('images' in dataset)) {
    throw new RangeError(
      `batchesOf: horizontalFlip must be false for points, got true for data set ${dataset.name}.`,
    );
  }
}

/** Writes image `index` to `x` from `at` on, scaled to [-1, 1], mirrored on request. */
function writeImage(
  dataset: ImageDataset,
  index: number,
  x: Float32Array,
  at: number,
  mirror: boolean,
): void {
  const { images, height, width, channels } = dataset;
  const from = index * height * width * channels;
  for (let pixel = 0; pixel < height * width; pixel++) {
    const column = pixel % width;
    const source = mirror ? pixel - column + (width - 1 - column) : pixel;
    for (let c = 0; c < channels; c++) {
      x[at + pixel * channels + c] = pixelToFloat(images[from + source * channels + c] ?? 0);
    }
  }
}

function writePoint({ points, dimension }: PointDataset, index: number, x: Float32Array, at: number): void {
  x.set(points.subarray(index * dimension, (index + 1) * dimension), at);
}

/**
 * Batches of a data set in memory, a pure function of (seed, position).
 *
 * Position k = step * batchSize + i of the stream is sample `order(epoch)[k mod count]` with epoch = floor(k / count):
 * every sample exactly once an epoch, batches run on across epochs, and sample k is the same whatever the batch size,
 * so a run resumes exactly from its step alone. Rank r of W takes the positions with i mod W = r; all ranks together
 * read one batch of a single process.
 *
 * @param dataset Borrowed, and read at every `batchAt`: leave it unchanged.
 * @throws RangeError if the data set's sizes do not fit each other, or an option or argument is out of range.
 */
export function batchesOf(dataset: ImageDataset | PointDataset, options: BatchOptions): MemoryBatchSource {
  const full = { shuffle: true, horizontalFlip: false, rank: 0, worldSize: 1, ...options };
  checkOptions(dataset, full);
  const { seed, shuffle, horizontalFlip, rank, worldSize } = full;
  const { name, count, labels, numClasses, classNames } = dataset;
  const sampleShape = sampleShapeOf(dataset);
  const sampleSize = sampleShape.reduce((product, n) => product * n, 1);
  const orderAt = shuffle ? epochOrder(count, seed) : (_epoch: number, place: number) => place;
  const mirrored = (epoch: number, index: number) =>
    horizontalFlip && (uniforms({ seed, purpose: 'flip', step: epoch, sample: index }, 1)[0] ?? 0) < 0.5;

  function batchAt(step: number, batchSize: number): Batch {
    checkStep('batchesOf', step, batchSize, worldSize);
    const rows = batchSize / worldSize;
    const x = new Float32Array(rows * sampleSize);
    const y = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const position = step * batchSize + row * worldSize + rank;
      const epoch = Math.floor(position / count);
      const index = orderAt(epoch, position % count);
      if ('images' in dataset) writeImage(dataset, index, x, row * sampleSize, mirrored(epoch, index));
      else writePoint(dataset, index, x, row * sampleSize);
      y[row] = labels[index] ?? 0;
    }
    return { x, shape: [rows, ...sampleShape], y, epoch: Math.floor((step * batchSize) / count) };
  }
  return { name, count, sampleShape, numClasses, ...(classNames && { classNames }), batchAt };
}
