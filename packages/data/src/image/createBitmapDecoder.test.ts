import { golden } from '@meanflow/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBitmapDecoder } from './createBitmapDecoder';

const stored = golden(import.meta.url.replace('/image/', '/'), 'jpeg_pixels.safetensors');
const fileOf = (name: string) => Uint8Array.from(stored.data(`${name}/file`));

// What a browser has, as far as the decoder uses it: every image is 2 x 1, red 10 v, green 20 v, blue 30 v of one value
// v, half transparent.
let [open, closed, options]: [number, number, unknown] = [0, 0, null];
beforeEach(() => {
  [open, closed] = [0, 0];
  vi.stubGlobal('createImageBitmap', (blob: Blob, given: unknown) => {
    options = given;
    if (blob.size === 13) return Promise.reject(new Error('The source image could not be decoded.'));
    open++;
    return Promise.resolve({ width: 2, height: 1, close: () => closed++ });
  });
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext() {
        const data = Uint8ClampedArray.of(10, 20, 30, 128, 20, 40, 60, 128);
        return { drawImage: () => undefined, getImageData: () => ({ data }) };
      }
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it('leaves colours unconverted, leaves opacity out and frees its bitmaps', async () => {
  const images = await createBitmapDecoder().decode([fileOf('420'), fileOf('png')], {
    size: null,
    channels: null,
  });
  const image = {
    kind: 'pixels',
    pixels: Uint8Array.of(10, 20, 30, 20, 40, 60),
    height: 1,
    width: 2,
    channels: 3,
  };
  expect(images).toEqual([image, image]);
  expect(options).toEqual({ colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  expect([open, closed]).toEqual([2, 2]);
});
it('has one channel for what is stored as grey', async () => {
  const [image] = await createBitmapDecoder().decode([fileOf('png_grey')], { size: null, channels: null });
  expect(image).toMatchObject({ channels: 1 });
});
it('says what is wrong with an image', async () => {
  const files = [fileOf('420').subarray(0, 700), new Uint8Array(13), fileOf('420')];
  const images = await createBitmapDecoder().decode(files, { size: 1, channels: 3 });
  expect(images.slice(0, 2)).toEqual([
    'a JPEG must have an end marker, got 700 bytes without: the file is cut short',
    'the image must be decodable, got 13 bytes and "The source image could not be decoded."',
  ]);
  expect(images[2]).toMatchObject({ height: 1, width: 1 });
  expect(open).toBe(closed);
});
it('ends with its signal', async () => {
  const decoder = createBitmapDecoder();
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(decoder.decode([fileOf('420')], { size: null, channels: null }, signal)).rejects.toThrow(
    'enough',
  );
  await decoder.close();
});
