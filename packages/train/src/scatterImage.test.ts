import { describe, expect, it } from 'vitest';
import { scatterImage } from './scatterImage';

const black = [0, 0, 0] as const;
const at = (image: { width: number; data: Uint8Array }, x: number, y: number) => [
  ...image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3),
];

describe('scatterImage', () => {
  it('draws a point where it is, y upwards', () => {
    // Extent 5 over 10 pixels: (2.5, 3.5) is the centre of column 7, row 1.
    const image = scatterImage([{ points: [2.5, 3.5], color: black }], {
      size: 10,
      extent: 5,
      radius: 0.5,
      alpha: 1,
    });
    expect(at(image, 7, 1)).toEqual([0, 0, 0]);
    const dark = [...image.data].filter((value) => value < 255).length;
    expect(dark).toBe(3);
  });

  it('is darker where points overlap: three of alpha 1/2 leave 1/8 of the white', () => {
    const points = [0.5, -0.5, 0.5, -0.5, 0.5, -0.5];
    const image = scatterImage([{ points, color: black }], { size: 2, extent: 1, radius: 0.5, alpha: 0.5 });
    expect(at(image, 1, 1)).toEqual([32, 32, 32]);
    expect(at(image, 0, 0)).toEqual([255, 255, 255]);
  });

  it('lays the second series over the first, each in its colour', () => {
    const options = { size: 1, extent: 1, alpha: 1 };
    expect(
      at(
        scatterImage(
          [
            { points: [0, 0], color: black },
            { points: [0, 0], color: [9, 8, 7] },
          ],
          options,
        ),
        0,
        0,
      ),
    ).toEqual([9, 8, 7]);
    const [first, second] = [
      scatterImage([{ points: [0, 0] }], options),
      scatterImage([{ points: [] }, { points: [0, 0] }], options),
    ];
    expect(at(first, 0, 0)[2]).toBeGreaterThan(150);
    expect(at(second, 0, 0)[0]).toBeGreaterThan(200);
  });

  it('fits all points by default and leaves out what is not finite', () => {
    const corner = scatterImage([{ points: [40, -40, NaN, 0, 0, Infinity], color: black }], { size: 64 });
    const dark: [number, number][] = [];
    for (let y = 0; y < 64; y++)
      for (let x = 0; x < 64; x++) if ((at(corner, x, y)[0] ?? 0) < 250) dark.push([x, y]);
    expect(dark.length).toBeGreaterThan(3);
    for (const [x, y] of dark) {
      expect(x).toBeGreaterThan(55);
      expect(y).toBeGreaterThan(55);
    }
  });

  it.each([
    [[0], {}, /points must be pairs of coordinates, got 1 numbers/],
    [[], { size: 0.5 }, /size must be a positive integer, got 0.5/],
    [[], { extent: 0 }, /extent must be positive, got 0/],
    [[], { radius: NaN }, /radius must be positive, got NaN/],
    [[], { alpha: 2 }, /alpha must be in \(0, 1\], got 2/],
  ])('refuses points %j with %j', (points, options, message) => {
    expect(() => scatterImage([{ points }], options)).toThrow(message);
  });
});
