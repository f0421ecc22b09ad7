import { describe, expect, it } from 'vitest';
import { countsOf, parseWidsIndex } from './widsIndex';

const text = JSON.stringify({
  wids_version: 1,
  shardlist: [
    { url: 'a-000.tar', nsamples: 7, filesize: 10240 },
    { url: 'https://x.org/d/a-001.tar?k=1', nsamples: 3 },
  ],
});

describe('parseWidsIndex', () => {
  it('reads shards and counts', () => {
    expect(parseWidsIndex(text)).toEqual([
      { url: 'a-000.tar', count: 7 },
      { url: 'https://x.org/d/a-001.tar?k=1', count: 3 },
    ]);
  });
  it.each([
    '',
    '[]',
    'null',
    '{"shardlist":[]}',
    '{"shardlist":[{"url":"a"}]}',
    '{"shardlist":[{"url":"a","nsamples":-1}]}',
  ])('knows that %s is something else', (other) => {
    expect(parseWidsIndex(other)).toBeNull();
  });
});
it('finds counts by the names of files', () => {
  const index = parseWidsIndex(text) ?? [];
  expect(countsOf(index, ['/data/a-001.tar', 'hf://x/a-000.tar@v2'])).toEqual([3, 7]);
  expect(countsOf(index, ['a-000.tar', 'b.tar'])).toBeNull();
});
