import { expect, it } from 'vitest';
import { fuzzShards } from './shards.testdata';

const INPUTS = 10_000;

it(`reads what can be read of ${INPUTS} damaged shards, the same every time`, async () => {
  expect(await fuzzShards(INPUTS)).toBeGreaterThan(INPUTS / 2);
});
