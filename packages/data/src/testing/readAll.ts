import type { Source, StoredSample } from '../source';

/** All samples of a source that can be read, shard after shard. */
export async function readAll(source: Source): Promise<StoredSample[]> {
  const samples: StoredSample[] = [];
  for (const [shard, { count }] of source.shards.entries()) {
    if (source.access === 'sequential') {
      for await (const sample of source.read(shard, 0)) samples.push(sample);
      continue;
    }
    for (let i = 0; i < count; i++) {
      const sample = await source.readAt(i);
      if (sample !== null) samples.push(sample);
    }
  }
  return samples;
}
