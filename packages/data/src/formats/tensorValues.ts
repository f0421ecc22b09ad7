import { halfTable, toFloat32 } from '@meanflow/safetensors';
import type { SafetensorsDtype, SafeTensor } from '@meanflow/safetensors';

const views = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  U16: Uint16Array,
  U32: Uint32Array,
  BOOL: Uint8Array,
} as const;

function tensorOf(dtype: SafetensorsDtype, bytes: Uint8Array): SafeTensor {
  const View = views[dtype];
  const aligned = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0;
  const own = (aligned ? bytes : new Uint8Array(bytes)) as Uint8Array<ArrayBuffer>;
  const length = own.byteLength / View.BYTES_PER_ELEMENT;
  return { dtype, shape: [length], data: new View(own.buffer, own.byteOffset, length) } as SafeTensor;
}

/** Little-endian floats as float32. The result may be a view of `bytes`. */
export function floatsOf(dtype: SafetensorsDtype, bytes: Uint8Array): Float32Array {
  const tensor = tensorOf(dtype, bytes);
  if (tensor.dtype !== 'F16') return toFloat32(tensor);
  const [table, halves] = [halfTable(), tensor.data];
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] ?? 0] ?? NaN;
  return values;
}

/**
 * Classes as int32.
 *
 * @throws Error, one sentence, if they are floats or negative.
 */
export function integersOf(name: string, dtype: SafetensorsDtype, bytes: Uint8Array): Int32Array {
  const { data } = tensorOf(dtype, bytes);
  const labels = Int32Array.from(data as Int32Array, Number);
  const bad = labels.findIndex((label, i) => label < 0 || label !== Number(data[i]));
  if (bad >= 0 || dtype.includes('F')) {
    const got = bad >= 0 ? `${String(data[bad])} at index ${bad}` : dtype;
    throw new Error(
      `openLatentShards: labels of ${name} must be integers of at least 0, got ${got}. Likely fix: store them as int32 or int64.`,
    );
  }
  return labels;
}
