import { expect, it } from 'vitest';
import { fuzzShards } from './shards.testdata';

const INPUTS = 200; // 10000 in shards.fuzz.long.ts

it(`reads what can be read of ${INPUTS} damaged shards, the same every time`, async () => {
  const opened = await fuzzShards(INPUTS);
  expect(opened).toBeGreaterThan(INPUTS / 2);
  expect(opened).toBeLessThan(INPUTS);
});
