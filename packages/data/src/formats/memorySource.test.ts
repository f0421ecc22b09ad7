import { expect, it } from 'vitest';
import { loadDigits } from '../digits';
import { readAll } from '../testing/readAll';
import { sourceOfImages } from './memorySource';

const pair = {
  name: 'pair',
  images: Uint8Array.of(1, 2, 3, 4),
  labels: Int32Array.of(1, 0),
  height: 1,
  width: 2,
  channels: 1,
  count: 2,
  numClasses: 2,
  classNames: ['a', 'b'],
};

it('gives copies of the images with their labels', async () => {
  const source = sourceOfImages(pair);
  expect(source).toMatchObject({ name: 'pair', access: 'random', numClasses: 2, classNames: ['a', 'b'] });
  expect(source.shards).toEqual([{ name: 'pair', count: 2 }]);
  const samples = await readAll(source);
  const form = { kind: 'pixels', height: 1, width: 2, channels: 1 };
  expect(samples).toEqual([
    { index: 0, key: '0', offset: null, label: 1, content: { ...form, pixels: Uint8Array.of(1, 2) } },
    { index: 1, key: '1', offset: null, label: 0, content: { ...form, pixels: Uint8Array.of(3, 4) } },
  ]);
  const [first] = samples;
  expect(first?.content.kind === 'pixels' && first.content.pixels.buffer).not.toBe(pair.images.buffer);
  await source.close();
});
it('serves a set that the package holds', async () => {
  const digits = loadDigits();
  const source = sourceOfImages(digits);
  expect((await source.readAt(1796))?.label).toBe(digits.labels[1796]);
});
it('has no labels where there are no classes', async () => {
  const unlabelled = { ...pair, labels: new Int32Array(2), numClasses: 0, classNames: [] };
  expect((await readAll(sourceOfImages(unlabelled))).map(({ label }) => label)).toEqual([0, 0]);
});
it('refuses a set that does not fit its counts, and numbers that are no sample', async () => {
  expect(() => sourceOfImages({ ...pair, count: 3 })).toThrow(
    'sourceOfImages: data set pair must hold 6 values',
  );
  await expect(sourceOfImages(pair).readAt(2)).rejects.toThrow('readAt: index must be in [0, 2), got 2.');
});
