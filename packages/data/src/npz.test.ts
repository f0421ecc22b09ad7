import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encodeNpy } from './npy';
import { encodeNpz } from './npz';

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
