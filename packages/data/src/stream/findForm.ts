import type { Source, StoredSample } from '../source';
import { prepareRows } from './assembleRows';
import type { Workshop } from './assembleRows';
import { formOf } from './packRows';
import type { SampleForm } from './packRows';

/** Samples of a source in the order in which they are stored, with the number of their shard. */
async function* storedSamples(
  source: Source,
  signal: AbortSignal,
): AsyncGenerator<{ shard: number; sample: StoredSample }> {
  for (const [shard, { count }] of source.shards.entries()) {
    if (source.access === 'sequential') {
      if (count > 0) for await (const sample of source.read(shard, 0, signal)) yield { shard, sample };
      continue;
    }
    for (let index = 0; index < count; index++) {
      const sample = await source.readAt(index, signal);
      if (sample !== null) yield { shard, sample };
    }
  }
}

/** What the samples of a source are once they are prepared: learned from the first good one. */
export async function findForm(
  shop: Omit<Workshop, 'signal'>,
  signal = new AbortController().signal,
): Promise<SampleForm & { readonly channels: 1 | 3 | null }> {
  for await (const { shard, sample } of storedSamples(shop.source, signal)) {
    const ordered = { shard, index: sample.index, number: 0 };
    const [row] = await prepareRows({ ...shop, signal }, [{ ordered, sample }]);
    if (row == null) continue;
    const form = formOf(row);
    return { ...form, channels: row.content.kind === 'pixels' ? (row.content.channels as 1 | 3) : null };
  }
  throw new Error(`streamBatches: a data set must have a good sample, got none in ${shop.source.name}.`);
}
