import { readFileSync } from 'node:fs';
import { runReadmeExample } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { kernelsWithJvp } from './registry';

it('runs the example of the README', async () => {
  await expect(runReadmeExample(import.meta.url)).resolves.toBeDefined();
});

it('lists every kernel with a gradient in the README', () => {
  const table = readFileSync(new URL('../README.md', import.meta.url), 'utf8').split('### Where')[0] ?? '';
  const listed = new Set(table.match(/\w+/g));
  const names = (Object.values(tf) as unknown[]).filter((value) => typeof value === 'string');
  const differentiated = names.filter((name) => (tf.getGradient(name) as unknown) !== undefined);
  expect(differentiated.filter((name) => !listed.has(name))).toEqual([]);
  expect(kernelsWithJvp()).toContain('Sin');
});
