import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readerOfBytes } from '../io/reading';
import { encodeNpy } from '../npy';
import type { NpyArray } from '../npy';
import { encodeNpz } from '../npz';
import { readAll } from '../testing/readAll';
import { openImageArrays } from './imageArrays';

const images: NpyArray = {
  dtype: 'uint8',
  shape: [2, 1, 2, 3],
  data: Uint8Array.from({ length: 12 }, (_, i) => i),
};
const labels: NpyArray = { dtype: 'int32', shape: [2], data: Int32Array.of(4, 1) };
const open = (bytes: Uint8Array, options = {}) => openImageArrays(readerOfBytes('a.npz', bytes), options);
const compressed = (arrays: Record<string, NpyArray>) =>
  zipSync(Object.fromEntries(Object.entries(arrays).map(([name, a]) => [`${name}.npy`, encodeNpy(a)])));

describe('openImageArrays', () => {
  it.each([
    ['images and labels', encodeNpz({ images, labels }), [4, 1]],
    ['arr_0 and arr_1', encodeNpz({ arr_0: images, arr_1: labels }), [4, 1]],
    ['a compressed archive', compressed({ images, labels }), [4, 1]],
    ['an archive without labels', encodeNpz({ arr_0: images }), [0, 0]],
    ['a single array', encodeNpy(images), [0, 0]],
  ])('reads %s', async (_, bytes, classes) => {
    const source = await open(bytes, { name: 'set' });
    expect(source).toMatchObject({ name: 'set', access: 'random', shards: [{ name: 'a.npz', count: 2 }] });
    expect(source.numClasses).toBe(classes[0] === 4 ? 5 : 0);
    const samples = await readAll(source);
    expect(samples.map(({ label }) => label)).toEqual(classes);
    expect(samples[1]?.content).toEqual({
      kind: 'pixels',
      pixels: Uint8Array.of(6, 7, 8, 9, 10, 11),
      height: 1,
      width: 2,
      channels: 3,
    });
    await source.close();
  });
  it('tells where a row lies that is not compressed', async () => {
    const bytes = encodeNpz({ images });
    const offset = (await (await open(bytes)).readAt(1))?.offset ?? -1;
    expect([...bytes.subarray(offset, offset + 3)]).toEqual([6, 7, 8]);
    expect((await (await open(compressed({ images }))).readAt(1))?.offset).toBeNull();
  });
  it('reads images without channels, and floats as values', async () => {
    const grey = encodeNpy({ ...images, shape: [2, 2, 3] });
    expect((await (await open(grey)).readAt(1))?.content).toMatchObject({ height: 2, width: 3, channels: 1 });
    const floats = encodeNpy({ dtype: 'float64', shape: [2, 2, 1], data: Float64Array.of(0.5, 1, -2, 3) });
    expect((await (await open(floats)).readAt(1))?.content).toEqual({
      kind: 'values',
      values: Float32Array.of(-2, 3),
      shape: [2, 1],
    });
  });
  it('gives samples of their own memory', async () => {
    for (const bytes of [encodeNpz({ images }), compressed({ images })]) {
      const content = (await (await open(bytes)).readAt(0))?.content;
      if (content?.kind !== 'pixels') throw new Error('not pixels');
      content.pixels.fill(99);
      expect((await (await open(bytes)).readAt(0))?.content).not.toEqual(content);
    }
  });
  it.each([
    ['no images', encodeNpz({ mu: labels }), 'must hold an array named images or arr_0, got none of them'],
    [
      'integers',
      encodeNpy(labels),
      'must hold uint8 images of shape [N, H, W, C] or [N, H, W], or floats, got i4',
    ],
    ['a flat array', encodeNpy({ ...images, shape: [2, 6] }), 'got u1 of shape [2, 6]'],
    ['planes first', encodeNpy({ ...images, shape: [1, 1, 2, 6] }), 'got u1 of shape [1, 1, 2, 6]'],
    ['no rows', encodeNpy({ ...images, shape: [0, 1, 2, 3], data: new Uint8Array() }), 'at least one image'],
    [
      'other labels',
      encodeNpz({ images, labels: { ...labels, shape: [1], data: Int32Array.of(1) } }),
      'labels of shape [2], got [1]',
    ],
    [
      'negative labels',
      encodeNpz({ images, labels: { ...labels, data: Int32Array.of(0, -1) } }),
      'got -1 at index 1',
    ],
    ['half of it', encodeNpz({ images, labels }).subarray(0, 300), 'must be a whole zip archive'],
    ['text', new TextEncoder().encode('hello, world'), 'must be a whole NumPy array'],
  ])('answers %s with a sentence', async (_, bytes, sentence) => {
    await expect(open(bytes)).rejects.toThrow(sentence);
  });
  it('holds a label against the number of classes', async () => {
    await expect(open(encodeNpz({ images, labels }), { numClasses: 4 })).rejects.toThrow(
      'data: a.npz, sample 0 at byte',
    );
  });
});
