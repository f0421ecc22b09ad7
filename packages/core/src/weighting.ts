import { stopGradient } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { assertInRange } from './checks';

/** Adaptive loss weight, w = 1 / (s + eps)^p for a sample's squared error s. */
export interface WeightingOptions {
  /** Power, at least 0; 0 is the plain squared error. Default 1 for MeanFlow. */
  p?: number;
  /** Offset, above 0. Default 0.01. */
  eps?: number;
}

/** Checks options and fills in the defaults. */
export function resolveWeighting(
  where: string,
  options: WeightingOptions,
  defaultP: number,
): Required<WeightingOptions> {
  const { p = defaultP, eps = 0.01 } = options;
  assertInRange(where, 'weighting.p', p, 0, Infinity);
  assertInRange(where, 'weighting.eps', eps, Number.MIN_VALUE, Infinity, 'It keeps the weight finite.');
  return { p, eps };
}

/**
 * Squared error of each sample, s = sum over pixels of (u - uTarget)^2, [B].
 *
 * The sum, not the mean: the eps of the adaptive weight assumes it.
 */
export function squaredError(u: tf.Tensor, uTarget: tf.Tensor): tf.Tensor1D {
  return tf.tidy(() => {
    const pixels = u.shape.map((_, axis) => axis).slice(1);
    return tf.sum<tf.Tensor1D>(tf.square(tf.sub(u, uTarget)), pixels);
  });
}

/**
 * Adaptively weighted loss, mean over the batch of s / stopgrad((s + eps)^p).
 *
 * With p = 1 it is always about 1, whatever the network does: watch the mean of s instead.
 *
 * @param s Squared error of each sample, [B].
 * @returns A scalar; the caller owns it.
 * @see arXiv:2505.13447, Sec. 4.3, "Loss Metrics".
 */
export function adaptiveLoss(s: tf.Tensor1D, { p, eps }: Required<WeightingOptions>): tf.Scalar {
  if (p === 0) return tf.mean<tf.Scalar>(s);
  return tf.tidy(() => {
    const weight = stopGradient(() => tf.pow(tf.add(s, eps), -p));
    return tf.mean<tf.Scalar>(tf.mul(s, weight));
  });
}
