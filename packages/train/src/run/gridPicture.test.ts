import { describe, expect, it } from 'vitest';
import { columnsFor, drawable, gridPicture, spreadLabels } from './gridPicture';

describe('spreadLabels', () => {
  it('gives each class its share, one class after the other', () => {
    expect([...spreadLabels([3, 5], 6)]).toEqual([3, 3, 3, 5, 5, 5]);
    expect([...spreadLabels([0, 1, 2], 7)]).toEqual([0, 0, 0, 1, 1, 2, 2]);
    expect([...spreadLabels([0, 1, 2, 3], 2)]).toEqual([0, 2]);
  });
});

describe('columnsFor', () => {
  it('gives each class a row where they have equally many, and else makes a square', () => {
    expect(columnsFor(6, Int32Array.of(0, 0, 1, 1, 2, 2))).toBe(2);
    expect(columnsFor(3, Int32Array.of(0, 0, 1))).toBe(2);
    expect(
      columnsFor(
        9,
        Int32Array.from({ length: 9 }, () => 4),
      ),
    ).toBe(3);
    expect(columnsFor(64, null)).toBe(8);
  });
});

describe('drawable', () => {
  const images = (channels: number) => ({
    shape: [1, 1, 2, channels],
    data: Float32Array.from({ length: 2 * channels }, (_, i) => i),
  });
  it('leaves grey and colour alone', () => {
    expect(drawable(images(1)).data).toEqual(images(1).data);
    expect(drawable(images(3)).shape).toEqual([1, 1, 2, 3]);
  });
  it('shows the first of two channels, and the first three of more', () => {
    expect([...(drawable(images(2)).data as Float32Array)]).toEqual([0, 2]);
    expect([...(drawable(images(4)).data as Float32Array)]).toEqual([0, 1, 2, 4, 5, 6]);
    expect(drawable(images(4)).shape).toEqual([1, 1, 2, 3]);
  });
});

describe('gridPicture', () => {
  it('enlarges small images to about 56 pixels and leaves large ones', () => {
    const picture = (side: number) =>
      gridPicture({ shape: [2, side, side, 1], data: new Float32Array(2 * side * side) }, 2);
    expect(picture(8).width).toBe(2 * (56 + 2) + 2);
    expect(picture(28).height).toBe(56 + 4);
    expect(picture(256).width).toBe(2 * (256 + 2) + 2);
  });
});
