import { unzipSync, zipSync } from 'fflate';
import fc from 'fast-check';
import { readerOfBytes } from './io/reading';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from './npy';
import type { NpyArray } from './npy';
import { decodeNpz, encodeNpz, readNpz } from './npz';
import { savedByNumpy } from './npz.testdata';

/** What NumPy reads: header text and the bytes after it. */
function parts(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint16(8, true);
  return {
    magic: [...bytes.subarray(0, 8)],
    header: new TextDecoder().decode(bytes.subarray(10, 10 + length)),
    body: bytes.subarray(10 + length),
    start: 10 + length,
  };
}

describe('encodeNpy', () => {
  it('writes the header of numpy.save, padded to 64 bytes', () => {
    const { magic, header, start } = parts(
      encodeNpy({ dtype: 'uint8', shape: [2, 3], data: new Uint8Array(6) }),
    );
    expect(magic).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0]);
    expect(header).toMatch(/^\{'descr': '\|u1', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
    expect(start % 64).toBe(0);
  });
  it('writes a shape of one axis as a tuple', () => {
    expect(parts(encodeNpy({ dtype: 'int32', shape: [4], data: new Int32Array(4) })).header).toContain(
      "'shape': (4,)",
    );
  });
  it('writes numbers in little-endian order', () => {
    const int = parts(encodeNpy({ dtype: 'int32', shape: [2], data: Int32Array.of(1, -2) }));
    expect([...int.body]).toEqual([1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]);
    const float = parts(encodeNpy({ dtype: 'float32', shape: [1], data: Float32Array.of(1.5) }));
    expect([...float.body]).toEqual([0, 0, 0xc0, 0x3f]);
    expect(float.header).toContain("'descr': '<f4'");
  });
});

describe('encodeNpz', () => {
  const arrays = {
    images: { dtype: 'uint8', shape: [1, 2, 2, 1], data: Uint8Array.of(1, 2, 3, 4) },
    labels: { dtype: 'int32', shape: [1], data: Int32Array.of(7) },
  } as const;
  it('is a zip of npy files', () => {
    const files = unzipSync(encodeNpz(arrays));
    expect(Object.keys(files)).toEqual(['images.npy', 'labels.npy']);
    expect([...parts(files['images.npy'] ?? new Uint8Array()).body]).toEqual([1, 2, 3, 4]);
  });
  it('gives equal bytes for equal arrays, whatever the time', async () => {
    const first = encodeNpz(arrays);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(encodeNpz(arrays)).toEqual(first);
    expect(first[10]).toBe(0); // the time of the first entry: midnight
  });
});

describe('decodeNpy', () => {
  const npy = (header: string, body: Uint8Array) => {
    const bytes = new Uint8Array(10 + header.length + body.length);
    bytes.set([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length]);
    bytes.set(Buffer.from(header), 10);
    bytes.set(body, 10 + header.length);
    return bytes;
  };
  it('gives back what encodeNpy wrote', () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const makers = {
      uint8: Uint8Array,
      int32: Int32Array,
      float32: Float32Array,
      float64: Float64Array,
    } as const;
    const dtype = fc.constantFrom(...(Object.keys(makers) as (keyof typeof makers)[]));
    fc.assert(
      fc.property(dtype, shape, fc.nat(7), (type, sizes, shift) => {
        const count = sizes.reduce((product, n) => product * n, 1);
        const data = new makers[type](count);
        for (let i = 0; i < count; i++) data[i] = 3 * i;
        const encoded = encodeNpy({ dtype: type, shape: sizes, data });
        const moved = new Uint8Array(encoded.length + shift).subarray(shift); // no alignment is taken for granted
        moved.set(encoded);
        expect(decodeNpy(moved)).toEqual({ dtype: type, shape: sizes, data });
      }),
    );
  });
  it('leaves what it is given as it is, a Buffer too', () => {
    const columns = npy(
      "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }",
      Uint8Array.of(1, 3, 2, 4),
    );
    const pooled = Buffer.from(columns);
    expect(decodeNpy(pooled).data).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(pooled.equals(columns)).toBe(true);
  });
  it('reads the header of old and new versions of NumPy', () => {
    const old = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 1L), }\n", Uint8Array.of(4, 5));
    expect(decodeNpy(old)).toEqual({ dtype: 'uint8', shape: [2, 1], data: Uint8Array.of(4, 5) });
    const wide = Uint8Array.of(...old.subarray(0, 6), 3, 0, old[8]!, 0, 0, 0, ...old.subarray(10));
    expect(decodeNpy(wide).shape).toEqual([2, 1]);
  });
  it.each([
    ['no array', Uint8Array.from(Buffer.from('<html></html>')), 'does not begin with 93 4e'],
    ['an empty file', new Uint8Array(), 'does not begin with 93 4e'],
    ['a structure', npy("{'descr': [('a', '<f4')], 'shape': (1,)}", new Uint8Array(4)), 'a structure'],
    ['objects', npy("{'descr': '|O', 'shape': (1,)}", new Uint8Array(4)), 'its elements are |O'],
    ['no shape', npy("{'descr': '<f4'}", new Uint8Array(4)), 'its header has no shape'],
    [
      'a short one',
      npy("{'descr': '<f4', 'shape': (2,)}", new Uint8Array(4)),
      'its shape (2) needs 49 bytes, and it has 45',
    ],
    [
      'a huge shape',
      npy("{'descr': '<f4', 'shape': (99999999999, 99999999999)}", new Uint8Array(4)),
      'needs 3.99999999992e+22 bytes',
    ],
    [
      'a large integer',
      npy("{'descr': '<i8', 'shape': (1,)}", new Uint8Array(8).fill(0x7f)),
      'its element 0 is beyond 2^53',
    ],
  ])('answers %s with a sentence', (_, bytes, sentence) => {
    expect(() => decodeNpy(bytes, { name: 'x.npy' })).toThrow(`decodeNpy: x.npy must be a whole NumPy array`);
    expect(() => decodeNpy(bytes)).toThrow(sentence);
  });
});

describe('decodeNpz', () => {
  const written = decodeNpz(Buffer.from(savedByNumpy, 'base64'));
  const counted = Array.from({ length: 24 }, (_, i) => i);
  it.each<[string, NpyArray]>([
    ['a', { dtype: 'float64', shape: [2, 3, 4], data: Float64Array.from(counted) }],
    ['f', { dtype: 'float32', shape: [2, 3, 4], data: Float32Array.from(counted) }],
    ['h', { dtype: 'float32', shape: [5], data: Float32Array.of(0.5, -2, 65504, Infinity, 2 ** -24) }],
    ['b', { dtype: 'uint8', shape: [2], data: Uint8Array.of(1, 0) }],
    ['s', { dtype: 'float64', shape: [], data: Float64Array.of(3.25) }],
    ['be', { dtype: 'int32', shape: [3], data: Int32Array.of(0, 1, 2) }],
    ['u4', { dtype: 'float64', shape: [1], data: Float64Array.of(4294967295) }],
    ['i2', { dtype: 'int32', shape: [1], data: Int32Array.of(-3) }],
  ])('reads array %s as NumPy wrote it', (name, array) => {
    expect(written[name]).toEqual(array);
  });
  it('gives back what encodeNpz wrote', () => {
    const arrays = {
      mu: { dtype: 'float64', shape: [3], data: Float64Array.of(1, NaN, -0) },
      images: { dtype: 'uint8', shape: [1, 1, 1, 3], data: Uint8Array.of(1, 2, 255) },
    } as const;
    expect(decodeNpz(encodeNpz(arrays))).toEqual(arrays);
  });
  it('names the array and the file that it cannot read', () => {
    const zip = zipSync({ 'mu.npy': Uint8Array.of(1, 2, 3), 'readme.txt': Uint8Array.of(1) });
    expect(() => decodeNpz(zip, { name: 's.npz' })).toThrow('decodeNpy: mu of s.npz must be a whole');
    expect(() => decodeNpz(zip, { name: 's.npz', maxBytes: 2 })).toThrow('at most 2 bytes, got 3');
    expect(() => decodeNpz(zip.subarray(0, 40), { name: 's.npz' })).toThrow('zip: s.npz must be a whole zip');
  });
  it('reads a Buffer that is a part of another', () => {
    const values = Int32Array.of(1, -2, 3);
    const bytes = encodeNpz({ labels: { dtype: 'int32', shape: [3], data: values } });
    const part = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]).subarray(3, 3 + bytes.length);
    expect(decodeNpz(part)['labels']?.data).toEqual(values);
  });
});

describe('readNpz', () => {
  it('reads the arrays that are asked for, and no others', async () => {
    const bytes = encodeNpz({
      arr_0: { dtype: 'uint8', shape: [500_000], data: new Uint8Array(500_000) },
      mu: { dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) },
    });
    const reader = readerOfBytes('a.npz', bytes);
    const read: number[] = [];
    const watched = {
      ...reader,
      read: (offset: number, length: number) => {
        read.push(length);
        return reader.read(offset, length);
      },
    };
    const arrays = await readNpz(watched, { only: ['mu', 'sigma'] });
    expect(Object.keys(arrays)).toEqual(['mu']);
    expect([...(arrays['mu']?.data ?? [])]).toEqual([1, 2]);
    expect(read.reduce((sum, n) => sum + n, 0)).toBeLessThan(100_000); // the directory is looked for in the last 64 KiB
    expect(Object.keys(await readNpz(reader))).toEqual(['arr_0', 'mu']);
  });
});
