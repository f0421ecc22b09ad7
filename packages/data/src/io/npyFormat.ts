import { halfTable } from '@meanflow/safetensors';
import type { NpyArray } from '../npy';
import type { Reading } from './reading';

/** Element type of an array, as in the header: kind and size, `u1`, `f4`; `bigEndian` where it matters. */
export interface NpyType {
  readonly code: keyof typeof elementTypes;
  readonly bytes: number;
  readonly bigEndian: boolean;
}

/** What stands before the values of an array. */
export interface NpyHeader {
  readonly type: NpyType;
  /** Whether the first axis runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the values begin. */
  readonly dataStart: number;
  /** Number of elements. */
  readonly count: number;
}

const LONGEST_HEADER = 2 ** 20;
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const FIRST_READ = 128;

type Values = Uint8Array | Int32Array | Float32Array | Float64Array;
type Element = (view: DataView, at: number, little: boolean) => number;

/** What each type becomes: the smallest of our four that holds all its values (64-bit integers up to 2^53). */
const elementTypes = {
  b1: { into: Uint8Array, get: (v, at) => v.getUint8(at) },
  u1: { into: Uint8Array, get: (v, at) => v.getUint8(at) },
  i1: { into: Int32Array, get: (v, at) => v.getInt8(at) },
  u2: { into: Int32Array, get: (v, at, little) => v.getUint16(at, little) },
  i2: { into: Int32Array, get: (v, at, little) => v.getInt16(at, little) },
  u4: { into: Float64Array, get: (v, at, little) => v.getUint32(at, little) },
  i4: { into: Int32Array, get: (v, at, little) => v.getInt32(at, little) },
  u8: { into: Float64Array, get: (v, at, little) => Number(v.getBigUint64(at, little)) },
  i8: { into: Float64Array, get: (v, at, little) => Number(v.getBigInt64(at, little)) },
  f2: { into: Float32Array, get: (v, at, little) => halfTable()[v.getUint16(at, little)] ?? NaN },
  f4: { into: Float32Array, get: (v, at, little) => v.getFloat32(at, little) },
  f8: { into: Float64Array, get: (v, at, little) => v.getFloat64(at, little) },
} as const satisfies Record<string, { into: new (length: number) => Values; get: Element }>;

function fail(name: string, problem: string, fix = 'Likely fix: get the file again.'): never {
  throw new Error(`decodeNpy: ${name} must be a whole NumPy array, but ${problem}. ${fix}`);
}

function typeOf(name: string, header: string): NpyType {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const [, order = '', code = ''] = /^([<>|=])([a-z]\d)$/.exec(descr ?? '') ?? [];
  if (!Object.hasOwn(elementTypes, code)) {
    fail(
      name,
      `its elements are ${descr ?? 'a structure'}`,
      'Likely fix: save it as uint8, int32, int64, float16, float32 or float64.',
    );
  }
  return { code: code as NpyType['code'], bytes: Number(code[1]), bigEndian: order === '>' };
}

function shapeOf(name: string, header: string): number[] {
  const inside = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (inside === undefined) fail(name, 'its header has no shape');
  const sizes = inside.split(',').map((size) => size.trim().replace(/L$/, ''));
  if (sizes.at(-1) === '') sizes.pop(); // (3,) and ()
  if (!sizes.every((size) => /^\d+$/.test(size))) fail(name, `its shape is (${inside})`);
  return sizes.map(Number);
}

/**
 * Reads the header of an array that fills `size` bytes from `start` on, and checks that its values do.
 *
 * @param name Of the file, for messages.
 * @throws Error, one sentence, if it is no NumPy array of numbers, or its shape does not fit its size.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function* readNpyHeader(name: string, start: number, size: number): Reading<NpyHeader> {
  const first = yield { offset: start, length: Math.min(size, FIRST_READ) };
  if (first.length < 12 || !MAGIC.every((byte, i) => first[i] === byte)) {
    fail(
      name,
      'it does not begin with 93 4e 55 4d 50 59',
      'Likely fix: check that it was written by numpy.save.',
    );
  }
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  const version = view.getUint8(6);
  const [textAt, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (version < 1 || version > 3 || length > LONGEST_HEADER || textAt + length > size) {
    fail(name, `its header is of version ${version} and ${length} bytes`);
  }
  const end = textAt + length;
  const all = end <= first.length ? first : yield { offset: start, length: end };
  const text = new TextDecoder().decode(all.slice(textAt, end));
  const [type, shape] = [typeOf(name, text), shapeOf(name, text)];
  const count = shape.reduce((product, n) => product * n, 1); // a double: never wraps
  const expected = end + count * type.bytes;
  if (expected !== size) {
    fail(name, `its shape (${shape.join(', ')}) needs ${expected} bytes, and it has ${size}`);
  }
  const fortranOrder = /'fortran_order'\s*:\s*True/.test(text);
  return { type, fortranOrder, shape, dataStart: start + end, count };
}

/** Typed arrays of a type of the same name are read at once where the machine is little-endian, as all of today's are. */
function copied({ code, bigEndian }: NpyType, bytes: Uint8Array): Values | null {
  if (bigEndian || new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) return null;
  const same = { i4: Int32Array, f4: Float32Array, f8: Float64Array };
  // Not bytes.slice(): of a Buffer that is a view of its memory, not a copy.
  return code in same ? new same[code as keyof typeof same](new Uint8Array(bytes).buffer) : null;
}

/**
 * Values of `bytes`, which hold whole elements of the type; in memory of their own, except that those of uint8 are
 * `bytes` itself.
 *
 * @throws Error, one sentence, if a 64-bit integer is beyond 2^53.
 */
export function npyValues(name: string, type: NpyType, bytes: Uint8Array): Values {
  if (type.code === 'u1') return bytes;
  const whole = copied(type, bytes);
  if (whole !== null) return whole;
  const { into, get } = elementTypes[type.code];
  const values = new into(bytes.length / type.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < values.length; i++) values[i] = get(view, i * type.bytes, !type.bigEndian);
  if (type.code === 'i8' || type.code === 'u8') {
    const bad = values.findIndex((value) => !Number.isSafeInteger(value));
    if (bad >= 0) fail(name, `its element ${bad} is beyond 2^53`, 'Likely fix: save it as float64.');
  }
  return values;
}

const dtypes = new Map<unknown, NpyArray['dtype']>([
  [Uint8Array, 'uint8'],
  [Int32Array, 'int32'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
]);

/** Our name of the type that values of `type` are given in. */
export function npyDtype(type: NpyType): NpyArray['dtype'] {
  return dtypes.get(elementTypes[type.code].into) ?? 'float64';
}
