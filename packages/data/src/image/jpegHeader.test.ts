import fc from 'fast-check';
import { golden } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import { hideExif, parseJpegHeader } from './jpegHeader';

const stored = golden(import.meta.url.replace('/image/', '/'), 'jpeg_pixels.safetensors');
const fileOf = (name: string) => Uint8Array.from(stored.data(`${name}/file`));

describe('parseJpegHeader', () => {
  it('reads what the encoder was given', () => {
    const colour = {
      width: 33,
      height: 21,
      components: 3,
      precision: 8,
      process: 0,
      offset: expect.any(Number) as number,
    };
    for (const name of ['444', '422', '420', 'restart', 'rotated']) {
      expect(parseJpegHeader(fileOf(name)), name).toEqual(colour);
    }
    expect(parseJpegHeader(fileOf('progressive'))).toEqual({ ...colour, process: 2 });
    expect(parseJpegHeader(fileOf('grey'))).toEqual({ ...colour, width: 13, height: 17, components: 1 });
  });
  it('reads a header by hand, after a segment, fill bytes and a marker that stands alone', () => {
    const bytes = [0xff, 0xd8, 0xff, 0xfe, 0, 4, 1, 2, 0xff, 0xff, 0xff, 0x01];
    const frame = [0xff, 0xc1, 0, 11, 12, 0x01, 0x02, 0x03, 0x04, 4, 0, 0, 0];
    expect(parseJpegHeader(Uint8Array.from([...bytes, ...frame]))).toEqual({
      ...{ width: 0x0304, height: 0x0102, components: 4, precision: 12, process: 1, offset: 12 },
    });
  });
  it('answers for any bytes', () => {
    expect(parseJpegHeader(fileOf('png'))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const after = parseJpegHeader(Uint8Array.from([0xff, 0xd8, 0xff, ...bytes]));
        expect(after === null || after.width < 65536).toBe(true);
        expect(parseJpegHeader(bytes.subarray(0, 9))).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('hideExif', () => {
  it('changes the marker of the Exif segment alone', () => {
    const file = fileOf('rotated');
    const hidden = hideExif(file);
    const changed = [...file.keys()].filter((i) => file[i] !== hidden[i]);
    expect(changed.map((i) => [file[i - 1], file[i], hidden[i]])).toEqual([[0xff, 0xe1, 0xfe]]);
    expect(new TextDecoder().decode(file.subarray(changed[0]! + 3, changed[0]! + 7))).toBe('Exif');
    expect(parseJpegHeader(hidden)).toEqual(parseJpegHeader(file));
  });
  it('gives back a file that has none', () => {
    for (const name of ['420', 'png']) {
      const file = fileOf(name);
      expect(hideExif(file)).toBe(file);
    }
  });
});
