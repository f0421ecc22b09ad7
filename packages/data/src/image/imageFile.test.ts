import fc from 'fast-check';
import { golden } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import { findCut, isGrey } from './imageFile';

const stored = golden(import.meta.url.replace('/image/', '/'), 'jpeg_pixels.safetensors');
const names = stored.names.filter((name) => name.endsWith('/file')).map((name) => name.slice(0, -5));
const fileOf = (name: string) => Uint8Array.from(stored.data(`${name}/file`));

describe('findCut', () => {
  it('finds whole files whole, and cut ones cut, wherever they were cut', () => {
    for (const name of names) {
      const file = fileOf(name);
      expect(findCut(file), name).toBeNull();
      fc.assert(
        fc.property(fc.integer({ min: 12, max: file.length - 1 }), (length) => {
          expect(findCut(file.subarray(0, length))).toMatch(/^an? (JPEG|PNG|WebP) .*got \d+ bytes/);
        }),
        { numRuns: 20 },
      );
    }
  });
  it('says nothing about other files', () => {
    expect(findCut(new Uint8Array())).toBeNull();
    expect(findCut(Uint8Array.of(0x47, 0x49, 0x46))).toBeNull();
  });
});

it('knows what is stored as grey', () => {
  expect(names.filter((name) => isGrey(fileOf(name)))).toEqual(['grey', 'png_grey']);
});
