import type { SequentialSource } from '../source';
import type { WindowedOrder } from './sampleOrder';
import type { PlacedSample, ReaderPlace, SampleReader } from './sampleReader';
import { readOne, shardCursor } from './shardCursor';

/**
 * Reads shards front to back, ahead of what is taken, and keeps this rank's samples until they are.
 *
 * What it holds: at most `window` samples and those of the batches that were asked for, over all ranks; of which this
 * rank keeps its own, one of `worldSize`.
 */
export function windowReader(
  source: SequentialSource,
  order: WindowedOrder,
  { start, rank, worldSize, signal }: ReaderPlace,
): SampleReader {
  const { count, window } = order;
  const held = new Map<number, PlacedSample>();
  const cursor = shardCursor(source, signal);
  const waiting = new Map<number, () => void>(); // by position
  let limit = start; // reading goes up to this number of the stream, counted over epochs
  let resume: () => void = () => undefined;
  let failure: { readonly error: unknown } | null = null;

  const isWanted = (position: number) => position >= start && position % worldSize === rank;

  async function readEpoch(epoch: number, from: number): Promise<void> {
    for (let k = from; k < count; k++) {
      const position = epoch * count + order.placeOf(epoch, k);
      if (!isWanted(position)) continue;
      while (epoch * count + k >= limit && !signal.aborted) {
        await new Promise<void>((resolve) => (resume = resolve));
      }
      signal.throwIfAborted();
      const ordered = order.read(epoch, k);
      held.set(position, { ordered, sample: await cursor.at(ordered.shard, ordered.index) });
      waiting.get(position)?.();
    }
  }
  async function pump(): Promise<void> {
    const epoch = Math.floor(start / count);
    const place = start % count;
    try {
      await readEpoch(epoch, place - (place % window)); // the window may hold samples that were not used yet
      for (let next = epoch + 1; ; next++) await readEpoch(next, 0);
    } catch (error) {
      failure = { error };
    } finally {
      await cursor.close().catch(() => undefined); // the reading has failed or ended: nothing to add
      for (const wake of waiting.values()) wake();
    }
  }
  async function takeOne(position: number): Promise<PlacedSample> {
    if (!held.has(position) && failure === null) {
      await new Promise<void>((resolve) => waiting.set(position, resolve));
      waiting.delete(position);
    }
    const placed = held.get(position);
    if (placed === undefined) throw failure?.error;
    held.delete(position);
    return placed;
  }
  const onAbort = () => {
    resume();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const reading = pump();
  return {
    at: order.at,
    async take(positions) {
      const last = positions.at(-1) ?? start;
      limit = Math.max(limit, last + 1 + window);
      resume();
      const taken: PlacedSample[] = [];
      for (const position of positions) taken.push(await takeOne(position));
      return taken;
    },
    async peek(position) {
      const placed = held.get(position);
      if (placed !== undefined) return placed;
      const ordered = order.at(position);
      return { ordered, sample: await readOne(source, ordered.shard, ordered.index, signal) };
    },
    async close() {
      await reading;
      signal.removeEventListener('abort', onAbort);
    },
  };
}
