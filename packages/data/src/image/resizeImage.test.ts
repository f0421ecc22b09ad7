import fc from 'fast-check';
import { golden } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import type { RawImage } from '../source';
import { centerCrop } from './centerCrop';
import { resizeImage } from './resizeImage';
import type { ResizeFilter } from './resizeImage';

const file = golden(import.meta.url.replace('/image/', '/'), 'eval_resize.safetensors');

/** An image of the golden file, whose arrays are bytes. */
function imageOf(name: string): RawImage {
  const [height = 0, width = 0, channels = 0] = file.shape(name);
  return { kind: 'pixels', pixels: Uint8Array.from(file.data(name)), height, width, channels };
}

/** Equal without printing a million numbers where not. */
function expectSame(actual: RawImage, expected: RawImage): void {
  expect({ ...actual, pixels: null }).toEqual({ ...expected, pixels: null });
  const wrong = expected.pixels.findIndex((v, i) => v !== actual.pixels[i]);
  expect(wrong, `first difference at byte ${wrong}`).toBe(-1);
}

const filters: ResizeFilter[] = ['box', 'bilinear', 'bicubic', 'lanczos'];
const sides = fc.integer({ min: 1, max: 24 });

describe('resizeImage', () => {
  it.each(file.names.filter((name) => /^resize\/(?!input)/.test(name)))('equals Pillow: %s', (name) => {
    const [, filter = '', from = ''] = /^resize\/(\w+)_(\d+x\d+)_to_/.exec(name) ?? [];
    const expected = imageOf(name);
    const input = imageOf(`resize/input_${from}`);
    expectSame(resizeImage(input, expected.height, expected.width, filter as ResizeFilter), expected);
  });
  it('leaves an image of one colour as it is, by every filter and to every size', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        sides,
        sides,
        sides,
        sides,
        fc.constantFrom(...filters),
        (v, h, w, h2, w2, filter) => {
          const image: RawImage = {
            kind: 'pixels',
            pixels: new Uint8Array(h * w).fill(v),
            height: h,
            width: w,
            channels: 1,
          };
          expect(resizeImage(image, h2, w2, filter).pixels).toEqual(new Uint8Array(h2 * w2).fill(v));
        },
      ),
    );
  });
  it('halves by the box filter to the means of 2 x 2 pixels, rows after columns', () => {
    const image: RawImage = {
      kind: 'pixels',
      pixels: Uint8Array.of(0, 1, 9, 9, 2, 4, 9, 9),
      height: 2,
      width: 4,
      channels: 1,
    };
    expect([...resizeImage(image, 1, 2, 'box').pixels]).toEqual([2, 9]); // 0.5 -> 1, 3; (1 + 3) / 2
  });
  it('refuses sizes and shapes that are none', () => {
    const image: RawImage = { kind: 'pixels', pixels: new Uint8Array(5), height: 2, width: 2, channels: 1 };
    expect(() => resizeImage(image, 1, 1, 'box')).toThrow(
      'resizeImage: an image of 2 x 2 x 1 must have 4 values, got 5.',
    );
    const good = { ...image, pixels: new Uint8Array(4) };
    expect(() => resizeImage(good, 0, 1, 'box')).toThrow(
      'resizeImage: the new height must be an integer of at least 1, got 0.',
    );
    expect(() => centerCrop(good, 1.5)).toThrow(
      'centerCrop: size must be an integer of at least 1, got 1.5.',
    );
  });
});

describe('centerCrop', () => {
  it.each(file.names.filter((name) => name.endsWith('/output')))('equals guided-diffusion: %s', (name) => {
    const expected = imageOf(name);
    expectSame(centerCrop(imageOf(name.replace('/output', '/input')), expected.height), expected);
  });
  it('gives back a square of the size that is asked for', () => {
    const image = imageOf('resize/input_28x28');
    expect(centerCrop(image, 28)).toBe(image);
  });
});
