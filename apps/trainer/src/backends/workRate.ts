import { gelu, linear } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';

const PROBE_MS = 60;

/**
 * Speed of the active backend at a small piece of what a training step consists of, in pieces a second: a matrix product
 * of 17 million multiplications and an elementwise operation on its result, by the kernels that a step uses.
 */
export async function workRate(): Promise<number> {
  const a = tf.fill<tf.Rank.R2>([512, 128], 0.5);
  const b = tf.fill<tf.Rank.R2>([128, 256], 0.5);
  const piece = async () => {
    const sum = tf.tidy(() => tf.sum(gelu(linear(a, b))));
    await sum.data();
    sum.dispose();
  };
  try {
    await piece(); // the first one allocates
    const start = performance.now();
    let pieces = 0;
    while (performance.now() - start < PROBE_MS) {
      await piece();
      pieces++;
    }
    return (1000 * pieces) / (performance.now() - start);
  } finally {
    tf.dispose([a, b]);
  }
}
