import { philox4x32 } from './philox';
import type { Words2 } from './philox';

/**
 * Names one stream of random numbers. Streams that differ in any field are independent, and a stream's numbers
 * depend on nothing else: not on the backend, the batch size, or what was drawn before.
 */
export interface StreamKey {
  /** The run's seed, an integer in [0, 2^53). */
  seed: number;
  /** What the numbers are for, e.g. `noise`. Hashed to 32 bits. */
  purpose: string;
  /** Training step or epoch, an integer in [0, 2^32). Default 0. */
  step?: number;
  /** Sample within the step, an integer in [0, 2^32). Default 0. */
  sample?: number;
}

const TWO_32 = 2 ** 32;

/** FNV-1a, 32 bits, over UTF-16 code units. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function checkInteger(name: string, value: number, limit: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value >= limit) {
    throw new RangeError(
      `random: ${name} must be an integer in [0, 2^${String(Math.log2(limit))}), got ${String(value)}.`,
    );
  }
}

/** Calls `use` with the four words of each block of the stream, block 0, 1, 2, ... */
function forEachBlock(
  stream: StreamKey,
  blocks: number,
  use: (words: readonly number[], block: number) => void,
) {
  const { seed, purpose, step = 0, sample = 0 } = stream;
  checkInteger('seed', seed, 2 ** 53);
  checkInteger('step', step, TWO_32);
  checkInteger('sample', sample, TWO_32);
  const key: Words2 = [seed % TWO_32, Math.floor(seed / TWO_32)];
  const purposeHash = hash32(purpose);
  for (let block = 0; block < blocks; block++)
    use(philox4x32([block, sample, step, purposeHash], key), block);
}

/**
 * Uniform numbers in [0, 1), multiples of 2^-24 (every value is exact in float32).
 *
 * @param stream Which stream; its first `count` numbers are returned.
 * @throws RangeError if a field of `stream` is not an integer in its range.
 */
export function uniforms(stream: StreamKey, count: number): Float32Array {
  const out = new Float32Array(count);
  forEachBlock(stream, Math.ceil(count / 4), (words, block) => {
    for (let i = 0; i < 4; i++) out[4 * block + i] = ((words[i] ?? 0) >>> 8) * 2 ** -24; // past the end: ignored
  });
  return out;
}

/**
 * Standard normal numbers by the Box-Muller transform of pairs of 32-bit words, evaluated in float64:
 * sqrt(-2 ln u1) [cos 2 pi u2, sin 2 pi u2]. The largest magnitude is 6.7.
 *
 * @param stream Which stream; its first `count` numbers are returned.
 * @throws RangeError if a field of `stream` is not an integer in its range.
 */
export function normals(stream: StreamKey, count: number): Float32Array {
  const out = new Float32Array(count);
  forEachBlock(stream, Math.ceil(count / 4), ([w0 = 0, w1 = 0, w2 = 0, w3 = 0], block) => {
    writePair(out, 4 * block, w0, w1);
    writePair(out, 4 * block + 2, w2, w3);
  });
  return out;
}

function writePair(out: Float32Array, at: number, w0: number, w1: number): void {
  const radius = Math.sqrt(-2 * Math.log((w0 + 0.5) / TWO_32)); // + 0.5 keeps the logarithm finite
  const angle = (2 * Math.PI * w1) / TWO_32;
  out[at] = radius * Math.cos(angle);
  out[at + 1] = radius * Math.sin(angle);
}

/**
 * A uniformly random order of 0 .. n - 1 (Fisher-Yates, without modulo bias).
 *
 * @param stream Which stream; equal streams give equal orders.
 * @param n Length, an integer in [0, 2^32).
 * @throws RangeError if `n` or a field of `stream` is not an integer in its range.
 */
export function permutation(stream: StreamKey, n: number): Uint32Array {
  checkInteger('n', n, TWO_32);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  forEachBlock(stream, Math.ceil(n / 2), (words, block) => {
    // Two picks a block, each from 53 bits: the bias of floor(u * k) is below 2^-21 even for k = 2^32.
    for (let pick = 0; pick < 2; pick++) {
      const i = n - 1 - (2 * block + pick);
      if (i <= 0) return;
      const u = (((words[2 * pick] ?? 0) >>> 5) * 2 ** 26 + ((words[2 * pick + 1] ?? 0) >>> 6)) / 2 ** 53;
      const j = Math.floor(u * (i + 1));
      const picked = order[j] ?? 0;
      order[j] = order[i] ?? 0;
      order[i] = picked;
    }
  });
  return order;
}
