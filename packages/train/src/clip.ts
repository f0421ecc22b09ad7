import { sumOfSquares } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { Weights } from './weights';

/**
 * Norm of a gradient over all weights together, sqrt(sum of the squares of all elements).
 *
 * @param gradients Borrowed.
 * @returns A scalar; not finite if any element is not, or if its square exceeds float32. The caller owns it.
 */
export function globalNorm(gradients: Readonly<Weights>): tf.Scalar {
  return tf.tidy(() => tf.sqrt(sumOfSquares(Object.values(gradients))));
}

/**
 * Factor that brings a gradient to a norm of at most `maxNorm`, min(1, maxNorm / norm): all weights are scaled alike, so
 * the direction stays.
 *
 * @param norm From {@link globalNorm}. Borrowed.
 * @param maxNorm Greatest norm, > 0.
 * @returns A scalar. The caller owns it.
 * @throws RangeError if `maxNorm` is not positive.
 * @see optax.clip_by_global_norm; Pascanu et al., arXiv:1211.5063, Algorithm 1.
 */
export function clipFactor(norm: tf.Scalar, maxNorm: number): tf.Scalar {
  if (!(maxNorm > 0)) throw new RangeError(`clipFactor: maxNorm must be positive, got ${maxNorm}.`);
  return tf.tidy(() => tf.div(maxNorm, tf.maximum(norm, maxNorm)));
}
