/** Four 32-bit words, each an integer in [0, 2^32). */
export type Words4 = readonly [number, number, number, number];
/** Two 32-bit words, each an integer in [0, 2^32). */
export type Words2 = readonly [number, number];

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9; // golden ratio
const WEYL_1 = 0xbb67ae85; // sqrt(3) - 1
const ROUNDS = 10;

/** High 32 bits of the 64-bit product of two 32-bit words, by 16-bit halves (JavaScript has no such product). */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16); // below 2^48: exact in a double
  const middleLow = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middleLow / 65536)) >>> 0;
}

/**
 * Philox 4x32-10: a bijection of the counter, selected by the key, whose outputs pass BigCrush.
 *
 * Counter-based, so the numbers of any (key, counter) can be had in any order, with no state to save.
 *
 * @param counter Four words; distinct counters give independent outputs.
 * @param key Two words.
 * @returns Four uniform words in [0, 2^32).
 * @see Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, and the Random123 vectors.
 */
export function philox4x32(counter: Words4, key: Words2): [number, number, number, number] {
  let [x0, x1, x2, x3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const low0 = Math.imul(MULTIPLIER_0, x0);
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low1 = Math.imul(MULTIPLIER_1, x2);
    x0 = (high1 ^ x1 ^ k0) >>> 0;
    x1 = low1 >>> 0;
    x2 = (high0 ^ x3 ^ k1) >>> 0;
    x3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [x0, x1, x2, x3];
}
