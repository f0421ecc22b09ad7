import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parseIdx } from './idx';
import { encodeIdx } from './testing/encodeIdx';

const cube = encodeIdx(
  [2, 2, 3],
  Uint8Array.from({ length: 12 }, (_, i) => i),
);
const name = 'a.idx';

/** Bytes of an array that this machine keeps little-endian, as IDX wants them. */
function bigEndian(array: Int16Array | Int32Array | Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(array.buffer.slice(0));
  const size = array.BYTES_PER_ELEMENT;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

describe('parseIdx', () => {
  it('reads a uint8 array, plain and gzip', () => {
    for (const bytes of [cube, gzipSync(cube)]) {
      expect(parseIdx(bytes)).toEqual({ dtype: 'uint8', shape: [2, 2, 3], data: cube.subarray(16) });
    }
  });
  it('reads from the middle of a larger buffer', () => {
    const larger = new Uint8Array(100);
    larger.set(cube, 7);
    expect(parseIdx(larger.subarray(7, 7 + cube.length)).data).toEqual(cube.subarray(16));
  });
  it('reads a published file byte for byte: the head of the MNIST test labels', () => {
    const head = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 5, 7, 2, 1, 0, 4);
    expect(parseIdx(head)).toEqual({ dtype: 'uint8', shape: [5], data: Uint8Array.of(7, 2, 1, 0, 4) });
  });
  it.each([
    ['int16', 0x0b, Int16Array.of(1, -2, 32767)],
    ['int32', 0x0c, Int32Array.of(1, -2, 2 ** 31 - 1)],
    ['float32', 0x0d, Float32Array.of(1, -2.5, 1e30)],
    ['float64', 0x0e, Float64Array.of(1, -2.5, 1e300)],
  ] as const)('reads big-endian %s', (dtype, type, values) => {
    expect(parseIdx(encodeIdx([3], bigEndian(values), type))).toEqual({ dtype, shape: [3], data: values });
  });
  it('reads int8', () => {
    expect(parseIdx(encodeIdx([2], Uint8Array.of(255, 1), 0x09)).data).toEqual(Int8Array.of(-1, 1));
  });
  it('gives back any array that was written', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (shape, compress) => {
        const data = Uint8Array.from({ length: shape.reduce((p, n) => p * n, 1) }, (_, i) => 7 * i);
        const bytes = encodeIdx(shape, data);
        expect(parseIdx(compress ? gzipSync(bytes) : bytes)).toEqual({ dtype: 'uint8', shape, data });
      }),
    );
  });
});

describe('parseIdx refuses, in one sentence,', () => {
  const says = (bytes: Uint8Array, message: string) => {
    expect(() => parseIdx(bytes, { name })).toThrow(message);
  };
  const text = (start: string) => new TextEncoder().encode(start);

  it('an empty file and one of three bytes', () => {
    says(new Uint8Array(0), 'parseIdx: a.idx must begin with 00 00, a type and a rank, got no bytes.');
    says(Uint8Array.of(0, 0, 8), 'got 00 00 08. Likely fix: check that it is an IDX file.');
  });
  it('other formats, which it knows', () => {
    says(text('<!doctype html>'), 'got 3c 21 64 6f. It looks like a web page');
    says(text('PK\u0003\u0004'), 'It looks like a zip archive: unpack it first.');
    says(Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'It looks like a PNG picture');
    says(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d), 'It looks like a NumPy array');
  });
  it('an unknown element type', () => {
    says(
      encodeIdx([1], Uint8Array.of(1), 0x0a),
      'parseIdx: a.idx must have an element type of 08, 09, 0b, 0c, 0d or 0e, got 0a.',
    );
  });
  it('rank 0', () => {
    says(encodeIdx([], new Uint8Array(0)), 'parseIdx: a.idx must have a rank of at least 1, got 0.');
  });
  it('a header that is cut short', () => {
    says(cube.subarray(0, 9), 'parseIdx: a.idx must have 16 bytes by its header, got 9: it is cut short.');
  });
  it('data that is cut short', () => {
    says(
      cube.subarray(0, 20),
      'parseIdx: a.idx must have 28 bytes by its header, got 20: it is cut short. Likely fix: get the file again.',
    );
  });
  it('trailing bytes', () => {
    says(
      Uint8Array.of(...cube, 1, 2),
      'parseIdx: a.idx must have 28 bytes for its shape [2, 2, 3], got 30: 2 bytes follow the data.',
    );
  });
  it('absurd dimensions, at once and without allocating them', () => {
    const before = process.memoryUsage().arrayBuffers;
    const huge = Array<number>(255).fill(2 ** 32 - 1);
    says(
      encodeIdx([2 ** 32 - 1, 2 ** 32 - 1], new Uint8Array(9)),
      'must have 18446744065119617000 bytes by its header',
    );
    says(encodeIdx(huge, new Uint8Array(9)), 'must have Infinity bytes by its header');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
  it('a product of dimensions that would wrap round 2^32 to the right length', () => {
    says(
      encodeIdx([2 ** 16, 2 ** 16, 1], new Uint8Array(0)),
      'must have 4294967312 bytes by its header, got 16',
    );
  });
});

describe('parseIdx refuses damaged gzip:', () => {
  const packed = gzipSync(cube);
  const changed = (at: number, value: number) =>
    Uint8Array.from(packed, (byte, i) => (i === at ? value : byte));
  const damaged = /^gunzip: a\.idx must be a whole gzip file, but .*\. Likely fix: get the file again\.$/;

  it('every prefix', () => {
    for (let length = 2; length < packed.length; length++) {
      expect(() => parseIdx(packed.subarray(0, length), { name })).toThrow(damaged);
    }
  });
  it('every changed bit of the data, the checksum and the length, except those that mean nothing', () => {
    let harmless = 0;
    for (let at = 10; at < packed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = changed(at, packed[at]! ^ (1 << bit));
        try {
          expect(parseIdx(bytes, { name }).data).toEqual(cube.subarray(16));
          harmless++;
        } catch (error) {
          expect((error as Error).message).toMatch(damaged);
        }
      }
    }
    expect(harmless).toBeLessThan(8); // the bits that fill up the last byte of the compressed data
  });
  it('bytes behind its end', () => {
    expect(() => parseIdx(Uint8Array.of(...packed, 0), { name })).toThrow(damaged);
  });
  it('content above maxBytes, before unpacking it', () => {
    expect(() => parseIdx(packed, { name, maxBytes: 27 })).toThrow(
      'gunzip: a.idx must unpack to at most 27 bytes, got 28. Likely fix: raise maxBytes',
    );
    expect(parseIdx(packed, { maxBytes: 28 }).shape).toEqual([2, 2, 3]);
  });
  it('a bomb that hides its size, stopping early', () => {
    const bomb = gzipSync(new Uint8Array(2 ** 27), { level: 1 });
    new DataView(bomb.buffer, bomb.byteOffset + bomb.length - 4, 4).setUint32(0, 1000, true);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => parseIdx(bomb, { name })).toThrow(damaged);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26); // of 2^27 that it would expand to
  });
});
