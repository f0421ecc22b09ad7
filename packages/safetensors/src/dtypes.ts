/** Typed array that holds each dtype: F16 and BF16 as their 16 bits, BOOL as bytes of 0 and 1. */
export interface SafetensorsArrays {
  F64: Float64Array;
  F32: Float32Array;
  F16: Uint16Array;
  BF16: Uint16Array;
  I64: BigInt64Array;
  I32: Int32Array;
  I16: Int16Array;
  I8: Int8Array;
  U8: Uint8Array;
  U16: Uint16Array;
  U32: Uint32Array;
  BOOL: Uint8Array;
}

/** Element types that this package reads and writes, by the names in the file's header. */
export type SafetensorsDtype = keyof SafetensorsArrays;

/**
 * One tensor of a file: row-major values with their shape (`[]` for a scalar). Narrowing by `dtype` narrows `data`.
 */
export type SafeTensor = {
  [D in SafetensorsDtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: SafetensorsArrays[D];
  };
}[SafetensorsDtype];

/** Name under which the header keeps the metadata; no tensor can have it. */
export const METADATA_KEY = '__metadata__';

/** Bytes before the header: its length, an unsigned 64-bit little-endian integer. */
export const PREFIX_BYTES = 8;

/** Longest header that the official library accepts; a longer one means that the file is something else. */
export const MAX_HEADER_BYTES = 100_000_000;

interface ArrayConstructor<D extends SafetensorsDtype> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): SafetensorsArrays[D];
}

/** Array constructors in the order in which the official library stores the dtypes: aligned largest first. */
export const arrayConstructors: { readonly [D in SafetensorsDtype]: ArrayConstructor<D> } = {
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** Number of elements of a shape; NaN if a dimension is not a natural number or the product is not exact. */
export function elementCount(shape: readonly unknown[]): number {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return NaN;
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : NaN;
}
