import type { SafeTensor } from './dtypes';
import { halfTable } from './halves';

/** A bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (b) => b << 16).buffer);
}

/**
 * Values of a tensor as float32, rounded to nearest where float32 has fewer bits (F64 and large integers).
 *
 * @returns `tensor.data` itself if it is F32, else a new array.
 */
export function toFloat32(tensor: SafeTensor): Float32Array {
  switch (tensor.dtype) {
    case 'F32':
      return tensor.data;
    case 'F16': {
      const table = halfTable();
      return Float32Array.from(tensor.data, (bits) => table[bits] ?? NaN);
    }
    case 'BF16':
      return bfloat16ToFloat32(tensor.data);
    case 'I64': {
      const values = new Float32Array(tensor.data.length);
      for (const [i, value] of tensor.data.entries()) values[i] = Number(value);
      return values;
    }
    default:
      return Float32Array.from(tensor.data);
  }
}
