import * as tf from '@tensorflow/tfjs-core';

const SMALLEST = 128;
const LARGEST = 8192;
const ENOUGH_SECONDS = 0.05;
const TRIES = 3;

/** Seconds for a scalar to be there: reading it waits for the device. */
async function secondsFor(f: () => tf.Scalar): Promise<number> {
  const start = performance.now();
  const scalar = tf.tidy(f);
  await scalar.data();
  scalar.dispose();
  return (performance.now() - start) / 1000;
}

/** The fastest of a few products of n x n matrices. */
async function fastestProduct(n: number): Promise<number> {
  const matrix = tf.tidy(() => tf.reshape<tf.Rank.R2>(tf.sin(tf.range(0, n * n)), [n, n]));
  try {
    await secondsFor(() => tf.sum(matrix)); // it is there before the clock starts
    let least = Infinity;
    for (let i = 0; i < TRIES; i++)
      least = Math.min(least, await secondsFor(() => tf.sum(tf.matMul(matrix, matrix))));
    return least;
  } finally {
    matrix.dispose();
  }
}

/**
 * Speed of the active backend at multiplying float32 matrices, in GFLOP/s: 2 n^3 operations for n x n matrices, with n
 * doubled until one product takes a twentieth of a second; the best of three, for other programs may run meanwhile.
 */
export async function matmulRate(): Promise<number> {
  await fastestProduct(SMALLEST); // the first product compiles and allocates
  let rate = 0;
  for (let n = SMALLEST; n <= LARGEST; n *= 2) {
    const seconds = await fastestProduct(n);
    rate = Math.max(rate, (2 * n ** 3) / seconds / 1e9);
    if (seconds > ENOUGH_SECONDS) break;
  }
  return rate;
}
