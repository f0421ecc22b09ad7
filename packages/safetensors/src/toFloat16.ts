const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** A float32's 16-bit half, rounded to nearest, ties to even; beyond 65504 it is an infinity. */
function halfOf(number: number): number {
  value[0] = number;
  const [word = 0] = bits;
  const sign = (word >>> 16) & 0x8000;
  const rest = word & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7e00; // NaN
  if (rest >= 0x47800000) return sign | 0x7c00; // 65536 and beyond
  if (rest < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24: Math.round would send ties upwards.
    value[0] = Math.abs(number) + 0.5; // 0.5 has its last bit at 2^-24, so the sum is rounded as a half is
    return sign | ((bits[0] ?? 0) - 0x3f000000);
  }
  const odd = (rest >>> 13) & 1;
  return sign | ((rest - 0x38000000 + 0xfff + odd) >>> 13); // the carry may reach the exponent, as it should
}

/**
 * Halves (`F16`) of float32 numbers, rounded to nearest, ties to even; what is too large becomes an infinity.
 *
 * @param values Borrowed.
 * @returns Their 16 bits, for `encodeSafetensors`.
 */
export function toFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfOf);
}
