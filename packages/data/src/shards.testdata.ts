import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { createDamageLog } from './damage';
import { openWebDataset } from './formats/webDataset';
import { fileOfBytes } from './io/storedFile';
import { gunzipWithZlib } from './node/gunzipStream';
import type { SequentialSource } from './source';
import { damagedCopy, pickerOf, Unsound } from './testing/fuzz';
import { shardBytes } from './testing/webDatasetFiles';

const shard = shardBytes(70, { imageBytes: 700 });
const seeds = [shard, new Uint8Array(gzipSync(shard)), new Uint8Array(gzipSync(shard, { level: 0 }))];

async function keysOf(source: SequentialSource, first: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { index, key, label, content } of source.read(0, first)) {
    const good = index >= first && label < (source.numClasses || 1) && content.kind === 'encoded';
    if (!good) throw new Unsound(`sample ${index} with label ${label}`); // expect is slow
    keys.push(`${index} ${key}`);
  }
  return keys;
}

/**
 * Opens damaged shards, plain and gzip, and reads them twice, and from the middle on: by the policy `skip` all that can be
 * read comes, the same every time; opening fails by one sentence where there is nothing.
 *
 * @returns How many could be opened.
 */
export async function fuzzShards(inputs: number): Promise<number> {
  let opened = 0;
  for (let input = 0; input < inputs; input++) {
    const pick = pickerOf('shards', input);
    const file = fileOfBytes('s', damagedCopy(seeds, pick));
    const damage = createDamageLog({ policy: 'skip', maxSkipped: 1000 });
    let source: SequentialSource;
    try {
      source = await openWebDataset([file], { damage, gunzip: gunzipWithZlib });
    } catch (error) {
      expect((error as Error).constructor).toBe(Error);
      expect((error as Error).message).toMatch(/^openWebDataset: webdataset must hold at least one sample/);
      continue;
    }
    opened++;
    const keys = await keysOf(source, 0);
    const { skipped } = damage;
    expect(keys.length).toBeLessThanOrEqual(source.shards[0]?.count ?? 0);
    expect(await keysOf(source, 0)).toEqual(keys);
    expect(damage.skipped).toBe(skipped); // the second epoch finds what the first one did
    const first = pick(70);
    expect(await keysOf(source, first)).toEqual(keys.filter((key) => Number(key.split(' ')[0]) >= first));
  }
  return opened;
}
