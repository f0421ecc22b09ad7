import { inParallel } from '../io/inParallel';
import type { RandomAccessSource } from '../source';
import type { SampleOrder } from './sampleOrder';
import type { PlacedSample, ReaderPlace, SampleReader } from './sampleReader';

const READS_AT_ONCE = 32; // of files or ranges: enough to hide a disk's or a server's delay

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
    take: (positions) => inParallel(positions, READS_AT_ONCE, peek),
    close: () => Promise.resolve(),
  };
}
