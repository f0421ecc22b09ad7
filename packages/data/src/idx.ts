import { gunzip, isGzip } from './gunzip';

/** Element types of the IDX format. */
export type IdxDtype = 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64';

/** Values of an IDX file in the typed array of its element type. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An n-dimensional array read from an IDX file. */
export interface IdxArray {
  readonly dtype: IdxDtype;
  /** Row-major: the last dimension runs fastest. */
  readonly shape: readonly number[];
  readonly data: IdxData;
}

/** Options of {@link parseIdx}. */
export interface ParseIdxOptions {
  /** File name, for errors. Default `the file`. */
  name?: string;
  /** Largest size allowed after decompression, in bytes. Default 2^30. */
  maxBytes?: number;
}

interface ElementType {
  dtype: IdxDtype;
  size: number;
  read(view: DataView, length: number): IdxData;
}

const DEFAULT_MAX_BYTES = 2 ** 30;
const MAGIC_BYTES = 4;

// IDX is big-endian. Copies hold as many bytes as the file has; uint8 and int8 are views of it.
const elementTypes: Readonly<Record<number, ElementType>> = {
  0x08: { dtype: 'uint8', size: 1, read: (v) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength) },
  0x09: { dtype: 'int8', size: 1, read: (v) => new Int8Array(v.buffer, v.byteOffset, v.byteLength) },
  0x0b: {
    dtype: 'int16',
    size: 2,
    read: (v, length) => Int16Array.from({ length }, (_, i) => v.getInt16(2 * i)),
  },
  0x0c: {
    dtype: 'int32',
    size: 4,
    read: (v, length) => Int32Array.from({ length }, (_, i) => v.getInt32(4 * i)),
  },
  0x0d: {
    dtype: 'float32',
    size: 4,
    read: (v, length) => Float32Array.from({ length }, (_, i) => v.getFloat32(4 * i)),
  },
  0x0e: {
    dtype: 'float64',
    size: 8,
    read: (v, length) => Float64Array.from({ length }, (_, i) => v.getFloat64(8 * i)),
  },
};

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

const foreignFormats: readonly (readonly [start: string, what: string])[] = [
  ['50 4b', 'It looks like a zip archive: unpack it first.'],
  ['3c', 'It looks like a web page, as a failed download leaves behind: get the file again.'],
  ['89 50 4e 47', 'It looks like a PNG picture, and an IDX file holds all pictures of a set.'],
  ['93 4e 55 4d', 'It looks like a NumPy array: write it as IDX first.'],
];

function badMagic(name: string, bytes: Uint8Array): Error {
  const start = hex(bytes.subarray(0, MAGIC_BYTES));
  const fix =
    foreignFormats.find(([prefix]) => start.startsWith(prefix))?.[1] ??
    'Likely fix: check that it is an IDX file.';
  return new Error(
    `parseIdx: ${name} must begin with 00 00, a type and a rank, got ${start || 'no bytes'}. ${fix}`,
  );
}

function elementTypeOf(code: number, name: string): ElementType {
  const type = elementTypes[code];
  if (type === undefined) {
    throw new Error(
      `parseIdx: ${name} must have an element type of 08, 09, 0b, 0c, 0d or 0e, got ${hex(Uint8Array.of(code))}. Likely fix: check that it is an undamaged IDX file.`,
    );
  }
  return type;
}

function shortFile(name: string, expected: number, got: number): Error {
  return new Error(
    `parseIdx: ${name} must have ${expected} bytes by its header, got ${got}: it is cut short. Likely fix: get the file again.`,
  );
}

/** Checks the length that the header declares against the bytes that are there, before anything is allocated. */
function checkLength(
  name: string,
  shape: readonly number[],
  header: number,
  elementSize: number,
  got: number,
): void {
  const expected = header + elementSize * shape.reduce((product, n) => product * n, 1); // a double: never wraps
  if (expected > got) throw shortFile(name, expected, got);
  if (expected < got) {
    throw new Error(
      `parseIdx: ${name} must have ${expected} bytes for its shape [${shape.join(', ')}], got ${got}: ${got - expected} bytes follow the data. Likely fix: check how the file was written.`,
    );
  }
}

/**
 * Reads an IDX file, plain or gzip-compressed (told apart by its bytes), of any element type and rank of at least 1.
 *
 * Nothing is allocated by what the header declares: the declared size must equal the size of the file (or of its
 * decompressed content, which is bounded by `maxBytes` and by the gzip trailer).
 *
 * @param bytes The whole file. Borrowed; `data` of one-byte types may be a view of it.
 * @throws Error, one sentence with the file, the rule, what was found and a likely fix: not IDX, unknown element type,
 *   rank 0, too short, trailing bytes, damaged gzip, larger than `maxBytes`.
 * @see http://yann.lecun.com/exdb/mnist/, "The IDX file format".
 */
export function parseIdx(bytes: Uint8Array, options: ParseIdxOptions = {}): IdxArray {
  const { name = 'the file', maxBytes = DEFAULT_MAX_BYTES } = options;
  const plain = isGzip(bytes) ? gunzip(bytes, name, maxBytes) : bytes;
  if (plain.length < MAGIC_BYTES || plain[0] !== 0 || plain[1] !== 0) throw badMagic(name, plain);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const type = elementTypeOf(view.getUint8(2), name);
  const rank = view.getUint8(3);
  if (rank === 0) {
    throw new Error(
      `parseIdx: ${name} must have a rank of at least 1, got 0. Likely fix: check that it is an undamaged IDX file.`,
    );
  }
  const header = MAGIC_BYTES + 4 * rank;
  if (plain.length < header) throw shortFile(name, header, plain.length);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(MAGIC_BYTES + 4 * i));
  checkLength(name, shape, header, type.size, plain.length);
  const values = new DataView(plain.buffer, plain.byteOffset + header, plain.byteLength - header);
  return { dtype: type.dtype, shape, data: type.read(values, values.byteLength / type.size) };
}
