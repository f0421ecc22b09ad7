import { expect, it } from 'vitest';
import { floatsToPixels, pixelsToFloats } from './pixels';

const all = Uint8Array.from({ length: 256 }, (_, i) => i);

it('maps 0 .. 255 linearly onto [-1, 1]', () => {
  const x = pixelsToFloats(all);
  expect([x[0], x[255]]).toEqual([-1, 1]);
  x.forEach((value, i) => {
    expect(value).toBe(Math.fround(i / 127.5 - 1));
  });
});
it('gives every pixel back', () => {
  expect(floatsToPixels(pixelsToFloats(all))).toEqual(all);
});
it('clips instead of wrapping round', () => {
  expect(floatsToPixels(Float32Array.of(-5, -1.01, 1.01, 5, Infinity, NaN, 0))).toEqual(
    Uint8Array.of(0, 0, 255, 255, 255, 0, 128),
  );
});
