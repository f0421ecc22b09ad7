import { describe, expect, it } from 'vitest';
import { imagesFromIdx } from './imagesFromIdx';
import { encodeIdx } from './testing/encodeIdx';

const named = (name: string, bytes: Uint8Array) => ({ name, bytes });
const images = named('im', encodeIdx([3, 1, 2], Uint8Array.of(1, 2, 3, 4, 5, 6)));
const labels = named('lb', encodeIdx([3], Uint8Array.of(0, 2, 1)));

describe('imagesFromIdx', () => {
  it('joins images and labels; one channel unless the file has them', () => {
    expect(imagesFromIdx(images, labels, { name: 'tiny' })).toEqual({
      name: 'tiny',
      images: Uint8Array.of(1, 2, 3, 4, 5, 6),
      labels: Int32Array.of(0, 2, 1),
      height: 1,
      width: 2,
      channels: 1,
      count: 3,
      numClasses: 3,
    });
    const colours = named('im', encodeIdx([1, 1, 2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)));
    expect(imagesFromIdx(colours, null)).toMatchObject({ channels: 3, width: 2, numClasses: 0, name: 'im' });
  });
  it('takes the given number of classes and their names', () => {
    expect(imagesFromIdx(images, labels, { numClasses: 10 }).numClasses).toBe(10);
    expect(imagesFromIdx(images, labels, { classNames: ['a', 'b', 'c'] }).classNames).toEqual([
      'a',
      'b',
      'c',
    ]);
  });
  it('says that two files are swapped', () => {
    expect(() => imagesFromIdx(labels, images)).toThrow(
      'imagesFromIdx: lb must hold uint8 images of shape [count, height, width] or [count, height, width, channels], got uint8 of shape [3]. It looks like a labels file: are the two files swapped?',
    );
    expect(() => imagesFromIdx(images, images)).toThrow(
      'imagesFromIdx: im must hold integer labels of shape [count], got uint8 of shape [3, 1, 2]. It looks like an images file',
    );
  });
  it('says that the counts differ, naming both', () => {
    expect(() => imagesFromIdx(images, named('lb', encodeIdx([2], Uint8Array.of(0, 1))))).toThrow(
      'imagesFromIdx: images and labels must be equally many, got 3 in im and 2 in lb. Likely fix: take both files from the same split.',
    );
  });
  it('refuses labels that are no class', () => {
    expect(() => imagesFromIdx(images, labels, { numClasses: 2 })).toThrow(
      'imagesFromIdx: labels of data set im must be in [0, 2), got 2 at index 1.',
    );
    expect(() => imagesFromIdx(images, named('lb', encodeIdx([3], Uint8Array.of(0, 255, 1), 0x09)))).toThrow(
      'must be in [0, 2), got -1 at index 1.',
    );
  });
  it('refuses class names of another number, empty sets and floats', () => {
    expect(() => imagesFromIdx(images, labels, { classNames: ['a'] })).toThrow(
      'imagesFromIdx: classNames must have one name for each of 3 classes, got 1.',
    );
    expect(() => imagesFromIdx(named('im', encodeIdx([0, 2, 2], new Uint8Array(0))), null)).toThrow(
      'imagesFromIdx: im must hold at least one image of at least one pixel, got uint8 of shape [0, 2, 2].',
    );
    expect(() => imagesFromIdx(named('im', encodeIdx([1, 1, 1], new Uint8Array(4), 0x0d)), null)).toThrow(
      'got float32 of shape [1, 1, 1]. Likely fix: check which file was given.',
    );
  });
});
