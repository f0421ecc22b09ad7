import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Source, StoredSample } from '../source';
import { temporaryFolder } from '../testing/temporaryFolder';
import { shardBytes } from '../testing/webDatasetFiles';
import { openSource } from './openSource';

async function readAll(source: Source): Promise<StoredSample[]> {
  const samples: StoredSample[] = [];
  for (const [shard, { count }] of source.shards.entries()) {
    if (source.access === 'sequential')
      for await (const sample of source.read(shard, 0)) samples.push(sample);
    else {
      for (let i = 0; i < count; i++) {
        const sample = await source.readAt(i);
        if (sample !== null) samples.push(sample);
      }
    }
  }
  return samples;
}

describe('openSource, WebDataset', () => {
  function folderOfShards(): string {
    const folder = join(temporaryFolder(onTestFinished), 'birds');
    mkdirSync(folder);
    writeFileSync(join(folder, 'train-001.tar.gz'), gzipSync(shardBytes(4, { first: 5, numClasses: 3 })));
    writeFileSync(join(folder, 'train-000.tar'), shardBytes(5, { numClasses: 3 }));
    writeFileSync(join(folder, 'val.tar'), shardBytes(2, { first: 100, numClasses: 3 }));
    writeFileSync(join(folder, 'classes.txt'), 'wren\nrobin\n\nowl\n');
    return folder;
  }
  it.each([
    ['train-{000..001}.tar{,.gz}', 'train', null],
    ['train-*.tar*', 'train', 9],
    ['train-00?.tar', 'train-00', 5],
    ['{val,train-000}.tar', 'birds', 7],
    ['val.tar', 'val', 2],
    ['', 'birds', 11],
  ])('opens %s', async (pattern, name, count) => {
    const folder = folderOfShards();
    const opening = openSource(join(folder, pattern), { cache: null, name: 'given' });
    if (count === null) {
      await expect(opening).rejects.toThrow('train-000.tar.gz: the shard must be readable, got ENOENT');
      return;
    }
    const given = await opening;
    const source = await openSource(join(folder, pattern), { cache: null });
    expect(given.name).toBe('given');
    expect(source).toMatchObject({ name, numClasses: 3, classNames: ['wren', 'robin', 'owl'] });
    expect(await readAll(source)).toHaveLength(count);
    await source.close();
  });
  it('keeps an index of each shard', async () => {
    const folder = folderOfShards();
    const cache = join(folder, 'cache');
    const first = await readAll(await openSource(folder, { cache }));
    expect(readdirSync(cache)).toHaveLength(3);
    expect(await readAll(await openSource(folder, { cache }))).toEqual(first);
    for (const file of readdirSync(cache)) writeFileSync(join(cache, file), '{"version":1,"count":');
    expect(await readAll(await openSource(folder, { cache }))).toEqual(first);
  });
});

describe('openSource', () => {
  it('says what it cannot find or recognise', async () => {
    const folder = temporaryFolder(onTestFinished);
    await expect(openSource(join(folder, 'x'))).rejects.toThrow(
      `openSource: ${join(folder, 'x')} must be a readable file or folder, got ENOENT. Likely fix: check the path.`,
    );
    await expect(openSource(join(folder, '*.tar'))).rejects.toThrow('must match at least one file, got none');
    writeFileSync(join(folder, 'x'), 'x');
    await expect(openSource(join(folder, 'x'))).rejects.toThrow(
      /^openSource: .*x must be one of: WebDataset shards .*; it looks like none\. Likely fix: check the path, or say the format\.$/,
    );
  });
});
