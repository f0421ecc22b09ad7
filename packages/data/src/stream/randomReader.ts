import type { RandomAccessSource } from '../source';
import type { SampleOrder } from './sampleOrder';
import type { PlacedSample, ReaderPlace, SampleReader } from './sampleReader';

const READS_AT_ONCE = 32; // of files or ranges: enough to hide a disk's or a server's delay

/** Applies a function to all items, a limited number at a time. */
async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await map(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}

/** Reads samples one by one where they are needed: it holds nothing. */
export function randomReader(
  source: RandomAccessSource,
  order: SampleOrder,
  { signal }: ReaderPlace,
): SampleReader {
  const peek = async (position: number): Promise<PlacedSample> => {
    signal.throwIfAborted();
    const ordered = order.at(position);
    return { ordered, sample: await source.readAt(ordered.index, signal) };
  };
  return {
    at: order.at,
    peek,
    take: (positions) => mapLimited(positions, READS_AT_ONCE, peek),
    close: () => Promise.resolve(),
  };
}
