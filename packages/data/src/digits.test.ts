import { describe, expect, it } from 'vitest';
import { loadDigits } from './digits';

describe('loadDigits', () => {
  const digits = loadDigits();
  it('has the 1797 images of 8 x 8 with the class counts of the source', () => {
    const { count, height, width, channels, numClasses, name } = digits;
    expect({ count, height, width, channels, numClasses, name }).toEqual({
      count: 1797,
      height: 8,
      width: 8,
      channels: 1,
      numClasses: 10,
      name: 'digits',
    });
    const counts = Array.from(
      { length: 10 },
      (_, digit) => digits.labels.filter((label) => label === digit).length,
    );
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });
  it('begins with the published first image, scaled from 0 .. 16 to 0 .. 255', () => {
    const firstRows = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0];
    expect([...digits.images.subarray(0, 16)]).toEqual(firstRows.map((v) => Math.round((v * 255) / 16)));
    expect(digits.labels[0]).toBe(0);
  });
  it('uses the whole range in 17 levels', () => {
    const levels = [...new Set(digits.images)].sort((a, b) => a - b);
    expect(levels).toEqual(Array.from({ length: 17 }, (_, v) => Math.round((v * 255) / 16)));
  });
  it('is a new copy each time', () => {
    loadDigits().images.fill(7);
    expect(loadDigits().images).toEqual(digits.images);
  });
});
