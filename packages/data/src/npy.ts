const descriptors = { uint8: '|u1', int32: '<i4', float32: '<f4', float64: '<f8' } as const;

/** An array as NumPy stores it. */
export interface NpyArray {
  readonly dtype: keyof typeof descriptors;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int32Array | Float32Array | Float64Array;
}

const ALIGNMENT = 64;

function littleEndian({ data }: NpyArray): Uint8Array {
  const bytes = new Uint8Array(data.byteLength);
  const view = new DataView(bytes.buffer);
  if (data instanceof Uint8Array) bytes.set(data);
  else if (data instanceof Int32Array) data.forEach((value, i) => { view.setInt32(4 * i, value, true); }); // prettier-ignore
  else if (data instanceof Float32Array) data.forEach((value, i) => { view.setFloat32(4 * i, value, true); }); // prettier-ignore
  else data.forEach((value, i) => { view.setFloat64(8 * i, value, true); }); // prettier-ignore
  return bytes;
}

/**
 * The bytes of a `.npy` file, version 1.0, in C order.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function encodeNpy(array: NpyArray): Uint8Array {
  const shape = array.shape.length === 1 ? `${String(array.shape[0])},` : array.shape.join(', ');
  const header = `{'descr': '${descriptors[array.dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const start = 10; // magic, version, length
  const padded =
    header.padEnd(Math.ceil((start + header.length + 1) / ALIGNMENT) * ALIGNMENT - start - 1) + '\n';
  const body = littleEndian(array);
  const bytes = new Uint8Array(start + padded.length + body.length);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), start);
  bytes.set(body, start + padded.length);
  return bytes;
}
