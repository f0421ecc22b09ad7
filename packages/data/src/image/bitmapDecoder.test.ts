import { golden } from '@meanflow/testing';
import { describeBrowser, runInBrowser } from '@meanflow/testing/browser';
import { expect, it } from 'vitest';
import { createImageDecoder } from '../node/createImageDecoder';
import type { RawImage } from '../source';
import type { Task } from '../testing/bitmapDecoder.page';

const stored = golden(import.meta.url.replace('/image/', '/'), 'jpeg_pixels.safetensors');
const names = stored.names.filter((name) => name.endsWith('/file')).map((name) => name.slice(0, -5));
const fileOf = (name: string) => Uint8Array.from(stored.data(`${name}/file`));
const asIs = { size: null, channels: null };

/** Of a value in [0, 255]. Chromium 156 finds the same pixels, but for a rounding where they are half transparent. */
const TOLERANCE = 2;

function largestDifference(a: RawImage, b: RawImage): number {
  return a.pixels.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.pixels[i] ?? NaN))), 0);
}

describeBrowser(
  'createBitmapDecoder',
  (browser) => {
    const page = new URL('../testing/bitmapDecoder.page.ts', import.meta.url);
    const decode = (task: Task) => runInBrowser<(RawImage | string)[]>(browser(), page, task);

    it.each([
      [false, asIs],
      [true, asIs],
      [true, { size: 8, channels: 1 }],
    ] as const)("finds the pixels of Node's decoder, in a worker: %s, as %o", async (inWorker, form) => {
      const files = names.map(fileOf);
      const images = await decode({ files, form, inWorker });
      const expected = await createImageDecoder({ workers: 0 }).decode(files, form);
      expect(images).toHaveLength(names.length);
      for (const [i, name] of names.entries()) {
        const [image, other] = [images[i] as RawImage, expected[i] as RawImage];
        expect({ ...image, pixels: image.pixels.length }, name).toEqual({
          ...other,
          pixels: other.pixels.length,
        });
        expect(largestDifference(image, other), name).toBeLessThanOrEqual(TOLERANCE);
      }
    });

    it('says what is wrong with a file, and goes on with the next', async () => {
      const whole = fileOf('420');
      const damaged = fileOf('png');
      damaged.fill(0, 60, 120);
      const files = [whole.slice(0, 700), new Uint8Array(13), new Uint8Array(0), damaged, whole];
      const images = await decode({ files, form: asIs, inWorker: false });
      expect(images[0]).toMatch(/^a JPEG must have an end marker, got 700 bytes/);
      expect(images[1]).toMatch(/^the image must be decodable, got 13 bytes and "/);
      expect(images[2]).toMatch(/^the image must be decodable, got 0 bytes and "/);
      expect(images[3]).toMatch(/^the image must be decodable, got \d+ bytes and "/);
      expect(images[4]).toMatchObject({ height: 21, width: 33, channels: 3 });
    });
  },
  ['off'],
);
