import * as tf from '@tensorflow/tfjs-core';
import { assertRows, assertSameShape } from './checks';

/** Reshapes a vector [B] to [B, 1, ..., 1] of a rank, so that it multiplies samples row by row. */
export function expandRows(vector: tf.Tensor1D, rank: number): tf.Tensor {
  return tf.reshape(vector, [-1, ...Array<number>(rank - 1).fill(1)]);
}

/**
 * Linear interpolant between data and noise, z = (1 - t) x + t e.
 *
 * @param x Data, [B, ...], scaled to about unit variance.
 * @param e Noise drawn from N(0, I), shaped like `x`.
 * @param t Time, [B], in [0, 1]: 0 is data, 1 is noise.
 * @returns z, shaped like `x`. The caller owns it.
 * @throws RangeError if `e` and `x` differ in shape, or `t` has another number of rows.
 * @see Geng et al., "Mean Flows for One-step Generative Modeling", arXiv:2505.13447, Sec. 3.
 */
export function interpolate(x: tf.Tensor, e: tf.Tensor, t: tf.Tensor1D): tf.Tensor {
  assertSameShape('interpolate', { x, e });
  assertRows('interpolate', x.shape[0], { t });
  return tf.tidy(() => {
    const tB = expandRows(t, x.rank);
    return tf.add(tf.mul(tf.sub(1, tB), x), tf.mul(tB, e));
  });
}

/**
 * Conditional velocity of the interpolant, v = dz/dt = e - x.
 *
 * @param x Data, [B, ...].
 * @param e Noise, shaped like `x`.
 * @returns v, shaped like `x`. The caller owns it.
 * @throws RangeError if `e` and `x` differ in shape.
 */
export function conditionalVelocity(x: tf.Tensor, e: tf.Tensor): tf.Tensor {
  assertSameShape('conditionalVelocity', { x, e });
  return tf.sub(e, x);
}
