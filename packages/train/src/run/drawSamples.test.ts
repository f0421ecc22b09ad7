import { meanFlow } from '@meanflow/core';
import type { Network } from '@meanflow/core';
import { expectNoLeakAsync } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { createProgram } from '@meanflow/compile';
import { drawSamples, samplerOf } from './drawSamples';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const objective = meanFlow({ numClasses: 3 });
/** u = -y: a sample is its noise plus its label. */
const addLabel: Network = (z, _r, _t, y) =>
  tf.tidy(() => tf.mul(tf.onesLike(z), tf.reshape(tf.neg(tf.cast(y!, 'float32')), [-1, 1])));
const draw = (count: number, labels: Int32Array, seed = 1, nfe = 1) =>
  drawSamples(
    samplerOf(createProgram(), objective, () => addLabel),
    [2],
    { labels, count, seed, nfe },
  );

it('gives each sample its own noise and label, whatever else is drawn', async () => {
  const many = await draw(
    230,
    Int32Array.from({ length: 230 }, (_, i) => i % 3),
  ); // more than go through at once
  const few = await draw(5, Int32Array.of(0, 1, 2, 0, 1));
  expect(many.subarray(0, 10)).toEqual(few);
  const plain = await draw(230, new Int32Array(230));
  for (let i = 0; i < 230; i++) expect((many[2 * i] ?? 0) - (plain[2 * i] ?? 0)).toBeCloseTo(i % 3, 5);
  const mean = plain.reduce((sum, x) => sum + x, 0) / plain.length;
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(plain.length));
});

it('depends on the seed, and not on the steps of a straight path', async () => {
  const labels = Int32Array.of(1, 2);
  expect(await draw(2, labels, 2)).not.toEqual(await draw(2, labels, 1));
  const [one, four] = [await draw(2, labels), await draw(2, labels, 1, 4)];
  for (const [i, x] of one.entries()) expect(four[i]).toBeCloseTo(x, 5);
});

it('leaves no tensor behind', () =>
  expectNoLeakAsync(async () => {
    await draw(3, new Int32Array(3));
  }));
