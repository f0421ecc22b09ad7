import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { imageGrid, toPixels } from './imageGrid';
import { encodePng } from './rgbImage';

const pixel = (image: { width: number; data: Uint8Array }, x: number, y: number) => [
  ...image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3),
];

describe('toPixels', () => {
  it('is clip(127.5 x + 128, 0, 255), truncated', () => {
    const values = [-1, -1.1, -0.9961, 0, 0.5, 0.9999, 1, 2, Infinity, -Infinity, NaN];
    expect([...toPixels(values)]).toEqual([0, 0, 0, 128, 191, 255, 255, 255, 255, 0, 0]);
  });

  it('gives back the bytes that images are made of', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, k) => k);
    expect(toPixels(Float32Array.from(bytes, (b) => b / 127.5 - 1))).toEqual(bytes);
  });
});

describe('imageGrid', () => {
  it('puts images row by row, enlarged, with gaps between and around', () => {
    // Three grey 1 x 2 images: (-1, 0), (1, 1), (0, -1).
    const image = imageGrid(
      { shape: [3, 1, 2, 1], data: [-1, 0, 1, 1, 0, -1] },
      { columns: 2, scale: 3, gap: 1, background: 9 },
    );
    expect([image.width, image.height]).toEqual([2 * (6 + 1) + 1, 2 * (3 + 1) + 1]);
    const row = (y: number) => Array.from({ length: image.width }, (_, x) => pixel(image, x, y)[0]);
    const gap = new Array<number>(15).fill(9);
    const first = [9, 0, 0, 0, 128, 128, 128, 9, 255, 255, 255, 255, 255, 255, 9];
    const second = [9, 128, 128, 128, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9];
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(row)).toEqual([
      gap,
      first,
      first,
      first,
      gap,
      second,
      second,
      second,
      gap,
    ]);
  });

  it('keeps red, green and blue apart', () => {
    const image = imageGrid({ shape: [1, 1, 1, 3], data: [-1, 0, 1] }, { gap: 0 });
    expect([...image.data]).toEqual([0, 128, 255]);
  });

  it('is as square as it can be by default', () => {
    const { width, height } = imageGrid({ shape: [5, 4, 4, 1], data: new Float32Array(80) });
    expect([width, height]).toEqual([3 * 6 + 2, 2 * 6 + 2]);
  });

  it.each([
    [
      { shape: [1, 2, 2, 4], data: new Float32Array(16) },
      {},
      /must have shape.*got \[1, 2, 2, 4\]\. Latents must be/,
    ],
    [{ shape: [2, 2, 1], data: new Float32Array(4) }, {}, /must have shape \[count, height, width, 1 or 3\]/],
    [{ shape: [1, 2, 2, 1], data: new Float32Array(3) }, {}, /must have 4 values, got 3/],
    [{ shape: [1, 1, 1, 1], data: [0] }, { columns: 0 }, /columns must be a positive integer, got 0/],
    [{ shape: [1, 1, 1, 1], data: [0] }, { scale: 1.5 }, /scale must be a positive integer, got 1.5/],
    [{ shape: [1, 1, 1, 1], data: [0] }, { gap: -1 }, /gap must be a natural number, got -1/],
    [{ shape: [1, 1, 1, 1], data: [0] }, { background: 256 }, /background must be in \[0, 255\], got 256/],
  ])('refuses %j with %j', (images, options, message) => {
    expect(() => imageGrid(images, options)).toThrow(message);
  });
});

it('encodePng writes a PNG of the same pixels', () => {
  const image = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, k) => 14 * k) };
  const png = encodePng(image);
  const { width, height, channels, depth, data } = decode(png);
  expect({ width, height, channels, depth }).toEqual({ width: 3, height: 2, channels: 3, depth: 8 });
  expect(data).toEqual(image.data);
  expect(encodePng(image)).toEqual(png);
});
