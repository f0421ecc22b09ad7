import * as tf from '@tensorflow/tfjs-core';

/** Added to variances. */
export const EPSILON = 1e-5;

/** Mean and variance of each channel, [C]. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no TensorContainer
export type Moments = { mean: tf.Tensor1D; variance: tf.Tensor1D };

/** Mean and variance over batch, height and width; tensors that the caller owns. */
export function channelMoments(y: tf.Tensor4D): Moments {
  return tf.tidy(() => {
    const rows = tf.reshape<tf.Rank.R2>(y, [-1, y.shape[3]]);
    const mean = tf.mean<tf.Tensor1D>(rows, 0);
    return { mean, variance: tf.mean<tf.Tensor1D>(tf.square(tf.sub(rows, mean)), 0) };
  });
}

/**
 * Batch normalisation with the statistics of the batch, (y - mean) / sqrt(variance + epsilon) * gamma + beta, with the
 * gradient in closed form: with x the normalised values and n their number in a channel,
 * dy = gamma / sqrt(variance + epsilon) (g - sum(g) / n - x sum(g x) / n).
 */
export function batchNorm(y: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D): tf.Tensor4D {
  const normalise = tf.customGrad<tf.Tensor4D>((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [values, scale, shift, save] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const { mean, variance } = channelMoments(values);
    const inverse = tf.rsqrt(tf.add(variance, EPSILON));
    const x = tf.mul(tf.sub(values, mean), inverse);
    save([x, inverse, scale]);
    const gradFunc = (g: tf.Tensor, saved: tf.Tensor[]) => {
      const [normal, root, gain] = saved as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
      const rows = (t: tf.Tensor) => tf.reshape<tf.Rank.R2>(t, [-1, gain.size]);
      const count = g.size / gain.size;
      const sum = tf.sum(rows(g), 0);
      const product = tf.sum(tf.mul(rows(g), rows(normal)), 0);
      const centred = tf.sub(g, tf.div(sum, count));
      const dy = tf.mul(tf.sub(centred, tf.mul(normal, tf.div(product, count))), tf.mul(gain, root));
      return [dy, product, sum];
    };
    return { value: tf.add<tf.Tensor4D>(tf.mul(x, scale), shift), gradFunc };
  });
  return normalise(y, gamma, beta);
}
