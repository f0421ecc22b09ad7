import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findShards } from './findShards';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-shards-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('finds the training shards, in order', () => {
  for (const name of ['b-train-1.tar.gz', 'a-train-0.tar', 'a-test-0.tar', 'classes.txt']) {
    writeFileSync(join(folder, name), '');
  }
  const expected = ['a-train-0.tar', 'b-train-1.tar.gz'].map((name) => join(folder, name));
  expect(findShards(folder, 'nowhere', {})).toEqual(expected);
  expect(findShards(undefined, 'nowhere', { MEANFLOW_CIFAR10: folder })).toEqual(expected);
});
it('says where it has looked', () => {
  expect(() => findShards(undefined, join(folder, 'x'), {})).toThrow(
    `bench data: the folder must hold WebDataset shards, got none in ${join(folder, 'shared/data/cifar10')}.`,
  );
});
