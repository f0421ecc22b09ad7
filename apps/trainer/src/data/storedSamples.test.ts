import { batchesOf, loadDigits } from '@meanflow/data';
import type { ImageDataset } from '@meanflow/data';
import { describe, expect, it } from 'vitest';
import { firstSamples, storedSamples } from './storedSamples';

const storedOrder = (dataset: ImageDataset) => batchesOf(dataset, { seed: 0, shuffle: false });

it('reads every sample once, in its order', async () => {
  const digits = loadDigits();
  const labels: number[] = [];
  for await (const { x, y, count } of storedSamples(storedOrder(digits))) {
    expect([x.length, y.length]).toEqual([64 * count, count]);
    labels.push(...y);
  }
  expect(labels).toEqual([...digits.labels]);
});

describe('firstSamples', () => {
  const digits = loadDigits();
  it('takes the first images of each wanted class', async () => {
    const labels = Int32Array.of(7, 7, 2);
    const { shape, data } = await firstSamples(storedOrder(digits), 3, labels);
    expect(shape).toEqual([3, 8, 8, 1]);
    const first = digits.labels.indexOf(7);
    const expected = [first, digits.labels.indexOf(7, first + 1), digits.labels.indexOf(2)];
    for (const [i, index] of expected.entries()) {
      const pixels = Array.from(digits.images.subarray(64 * index, 64 * (index + 1)), (v) => v / 127.5 - 1);
      expect(Array.from(data as Float32Array).slice(64 * i, 64 * (i + 1))).toEqual(pixels.map(Math.fround));
    }
  });
  it('leaves black what a class has too few of', async () => {
    const set = { ...digits, images: digits.images.subarray(0, 64), labels: Int32Array.of(0), count: 1 };
    const { data } = await firstSamples(storedOrder(set), 2, Int32Array.of(0, 0));
    expect(new Set(Array.from(data as Float32Array).slice(64))).toEqual(new Set([-1]));
  });
});
