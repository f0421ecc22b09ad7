import { permutation } from '@meanflow/random';
import { epochOrder } from '../epochOrder';
import type { Shard, Source } from '../source';

/** Which sample stands at a position of the stream. */
export interface OrderedSample {
  readonly shard: number;
  /** Its number within the shard. */
  readonly index: number;
  /** Its number within the data set: the samples of all shards before it, in the source's order, and `index`. */
  readonly number: number;
}

/** The order of training: position k of the stream is place k mod count of epoch floor(k / count). */
export interface SampleOrder {
  readonly count: number;
  readonly at: (position: number) => OrderedSample;
}

/** An order for reading shards front to back: what is read between two window ends is used between them. */
export interface WindowedOrder extends SampleOrder {
  /** Length of a window; the last one of an epoch is shorter. */
  readonly window: number;
  /** The sample that is read as number `rank` of an epoch. */
  read(epoch: number, rank: number): OrderedSample;
  /** The place at which that sample is used: in the same window. */
  placeOf(epoch: number, rank: number): number;
}

/** What the order depends on. */
export interface OrderOptions {
  readonly seed: number;
  readonly shuffle: boolean;
  /** Samples in a window. */
  readonly shuffleBuffer: number;
}

/** Keeps the latest few results of a function of two integers. */
function remember<T>(capacity: number, make: (a: number, b: number) => T): (a: number, b: number) => T {
  const known = new Map<string, T>();
  return (a, b) => {
    const key = `${a}/${b}`;
    let value = known.get(key);
    if (value === undefined) {
      value = make(a, b);
      known.set(key, value);
      const [oldest] = known.keys();
      if (known.size > capacity && oldest !== undefined) known.delete(oldest);
    }
    return value;
  };
}

/** Samples before each shard, and of all at the end. */
function startsOf(counts: readonly number[]): Float64Array {
  const starts = new Float64Array(counts.length + 1);
  counts.forEach((count, i) => (starts[i + 1] = (starts[i] ?? 0) + count));
  return starts;
}

/** The piece that holds a sample: the last i with starts[i] <= sample that is not empty. */
function pieceOf(starts: Float64Array, sample: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= sample) low = middle;
    else high = middle;
  }
  return low;
}

/** A permutation and its inverse. */
interface Window {
  /** Place within the window -> number within the window in the order of reading. */
  readonly readOf: Uint32Array;
  readonly placeOf: Uint32Array;
}

function windowOf(stream: Parameters<typeof permutation>[0], length: number): Window {
  const readOf = permutation(stream, length);
  const placeOf = new Uint32Array(length);
  readOf.forEach((read, place) => (placeOf[read] = place));
  return { readOf, placeOf };
}

const KEPT_WINDOWS = 6; // the one that is used, those that are read ahead, and the next epoch's
const KEPT_EPOCHS = 3;

/**
 * The order for shards that are read front to back: shards in an order drawn anew each epoch, their samples one after
 * the other, and this sequence cut into windows of `shuffleBuffer` samples that are each put into random order.
 *
 * While one window is used the next one is read, one sample for each that is used, so the reader never holds more than
 * `shuffleBuffer` samples: a shuffle buffer. Unlike one that draws a random element at every step, the order needs no
 * history: the sample at any position is known from (seed, epoch, shard counts) and the permutation of its window, so
 * a resumed run finds its place at once, and reads again only what remains of that window.
 */
export function windowedOrder(
  shards: readonly Shard[],
  { seed, shuffle, shuffleBuffer }: OrderOptions,
): WindowedOrder {
  const starts = startsOf(shards.map(({ count }) => count));
  const count = starts[shards.length] ?? 0;
  const window = shuffle ? Math.min(shuffleBuffer, count) : 1;
  const epochs = remember(KEPT_EPOCHS, (epoch) => {
    const order = shuffle
      ? permutation({ seed, purpose: 'shuffle-shards', step: epoch }, shards.length)
      : Uint32Array.from(shards, (_, i) => i);
    return { order, starts: startsOf(Array.from(order, (shard) => shards[shard]?.count ?? 0)) };
  });
  const windows = remember(KEPT_WINDOWS, (epoch, number) =>
    windowOf(
      { seed, purpose: 'shuffle-window', step: epoch, sample: number },
      Math.min(window, count - number * window),
    ),
  );

  function read(epoch: number, rank: number): OrderedSample {
    const reading = epochs(epoch, 0);
    const piece = pieceOf(reading.starts, rank);
    const shard = reading.order[piece] ?? 0;
    const index = rank - (reading.starts[piece] ?? 0);
    return { shard, index, number: (starts[shard] ?? 0) + index };
  }
  /** Maps a number within the epoch to another one of its window. */
  function within(which: keyof Window, epoch: number, k: number): number {
    if (window === 1) return k;
    const number = Math.floor(k / window);
    return number * window + (windows(epoch, number)[which][k - number * window] ?? 0);
  }
  return {
    count,
    window,
    read,
    placeOf: (epoch, rank) => within('placeOf', epoch, rank),
    at: (position) => {
      const epoch = Math.floor(position / count);
      return read(epoch, within('readOf', epoch, position % count));
    },
  };
}

/** The order for samples that can be had in any order: a permutation of each epoch, the one of `batchesOf`. */
export function permutedOrder({ shards }: Source, { seed, shuffle }: OrderOptions): SampleOrder {
  const count = shards[0]?.count ?? 0;
  const indexAt = shuffle ? epochOrder(count, seed) : (_epoch: number, place: number) => place;
  const at = (position: number) => {
    const index = indexAt(Math.floor(position / count), position % count);
    return { shard: 0, index, number: index };
  };
  return { count, at };
}
