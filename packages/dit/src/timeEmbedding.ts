import { silu } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { denseLayer } from './denseLayer';
import { FREQUENCY_WIDTH } from './parameters';
import type { Weights } from './weights';

/**
 * Sinusoidal features of a scalar for each sample, [cos(s f_0) ... cos(s f_n), sin(s f_0) ... sin(s f_n)], cosines
 * first, f_k = period^(-k / n) with n = floor(width / 2); an odd width ends in a column of zeros.
 *
 * The scalar is not rescaled: t and h lie in [0, 1], and the published code multiplies by no 1000.
 *
 * @param s [B].
 * @param width Number of features. Default 256.
 * @param period Longest period over 2 pi. Default 10000.
 * @returns [B, width]; the caller owns it.
 */
export function sinusoidalFeatures(s: tf.Tensor1D, width = FREQUENCY_WIDTH, period = 10000): tf.Tensor2D {
  const half = Math.floor(width / 2);
  const frequencies = Float32Array.from({ length: half }, (_, k) => period ** (-k / half));
  return tf.tidy(() => {
    const angles = tf.mul(tf.reshape(s, [-1, 1]), tf.tensor2d(frequencies, [1, half]));
    const features = tf.concat([tf.cos(angles), tf.sin(angles)], 1) as tf.Tensor2D;
    return width % 2 === 0
      ? features
      : tf.pad(features, [
          [0, 0],
          [0, 1],
        ]);
  });
}

/** Embedding of a scalar for each sample, dense(SiLU(dense(features(s)))): [B] -> [B, D]. */
export function timeEmbedding(s: tf.Tensor1D, weights: Weights, name: string): tf.Tensor {
  const hidden = denseLayer(sinusoidalFeatures(s), weights, `${name}.mlp.0`);
  return denseLayer(silu(hidden), weights, `${name}.mlp.2`);
}
