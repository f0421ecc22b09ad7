import type { SafeTensor } from './dtypes';

/** Value of an IEEE 754 half: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24; // subnormal, or a zero with its sign
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

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
    case 'F16':
      return Float32Array.from(tensor.data, halfToNumber);
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
