import * as tf from '@tensorflow/tfjs-core';

/** The decay d and 1 - d as scalars on the backend, made once for all weights. */
export interface EmaScalars {
  decay: tf.Scalar;
  /** 1 - d, subtracted in float64: in float32, 1 - 0.9999 is off by 2e-4 of its value. */
  rest: tf.Scalar;
}

/**
 * The scalars of an average with decay d.
 *
 * @param decay d, in [0, 1]: 0 keeps the newest weights, 1 the first ones.
 * @returns Scalars that the caller owns.
 * @throws RangeError if `decay` is not in [0, 1].
 */
export function emaScalars(decay: number): EmaScalars {
  if (!(decay >= 0 && decay <= 1)) throw new RangeError(`emaScalars: decay must be in [0, 1], got ${decay}.`);
  return { decay: tf.scalar(decay), rest: tf.scalar(1 - decay) };
}

/**
 * Exponential moving average of one weight, ema' = d ema + (1 - d) weight, with a constant d, no warm-up and no bias
 * correction; the average starts at the initial weight.
 *
 * @param ema Average so far. Borrowed.
 * @param weight Weight after the update, same shape. Borrowed.
 * @param scalars From {@link emaScalars}. Borrowed.
 * @returns The new average. The caller owns it.
 * @see The training step of github.com/Gsunshine/meanflow, d = 0.9999.
 */
export function emaUpdate(ema: tf.Tensor, weight: tf.Tensor, { decay, rest }: EmaScalars): tf.Tensor {
  return tf.tidy(() => tf.add(tf.mul(ema, decay), tf.mul(weight, rest)));
}
