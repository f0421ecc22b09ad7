import { npyDtype, npyValues, readNpyHeader } from './io/npyFormat';
import { readNow } from './io/reading';

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

/** Values whose first axis runs fastest, put into the order in which the last one does. */
function toCOrder<T extends NpyArray['data']>(values: T, shape: readonly number[]): T {
  // Not values.slice(): of a Buffer that is a view of its memory, not a copy.
  const ordered = (values instanceof Uint8Array ? new Uint8Array(values) : values.slice()) as T;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, n) => product * n, 1));
  const at = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < ordered.length; to++) {
    ordered[to] = values[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [size = 1, stride = 1, index = 0] = [shape[axis], strides[axis], at[axis]];
      const wraps = index + 1 === size;
      at[axis] = wraps ? 0 : index + 1;
      from += wraps ? -index * stride : stride;
      if (!wraps) break;
    }
  }
  return ordered;
}

/** Options of {@link decodeNpy}. */
export interface DecodeNpyOptions {
  /** File name, for errors. Default `the array`. */
  name?: string;
}

/**
 * Reads a `.npy` file of any version, byte order and axis order.
 *
 * Its values are given in the smallest of uint8, int32, float32 and float64 that holds them all: bool as uint8, float16
 * as float32, 64-bit integers as float64.
 *
 * @param bytes The whole file. Borrowed: `data` of uint8 may be a view of it.
 * @throws Error, one sentence, if it is no array of numbers, is cut short or longer than its shape says, or holds an
 *   integer beyond 2^53.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function decodeNpy(bytes: Uint8Array, options: DecodeNpyOptions = {}): NpyArray {
  const { name = 'the array' } = options;
  const { type, fortranOrder, shape, dataStart } = readNow(bytes, readNpyHeader(name, 0, bytes.length));
  const values = npyValues(name, type, bytes.subarray(dataStart));
  const data = fortranOrder && shape.length > 1 ? toCOrder(values, shape) : values;
  return { dtype: npyDtype(type), shape, data };
}
