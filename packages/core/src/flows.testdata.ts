import { stopGradient } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import type { Network } from './network';

// Data distributions whose average velocity is known in closed form.

/** The average velocity for data at a single point m: paths are straight and v = (z - m) / t, so u = (z - m) / t. */
export const pointMass =
  (m: number): Network =>
  (z, _r, t) =>
    tf.div(tf.sub(z, m), tf.reshape(t, [-1, ...Array<number>(z.rank - 1).fill(1)]));

/** Standard deviation of z at time t for data from N(0, s^2): sqrt((1 - t)^2 s^2 + t^2). */
function deviation(t: tf.Tensor, s: number): tf.Tensor {
  return tf.sqrt(tf.add(tf.mul(tf.square(tf.sub(1, t)), s * s), tf.square(t)));
}

/**
 * The average velocity for Gaussian data N(0, s^2). The flow scales, z_r = z_t sigma(r) / sigma(t), so
 * u(z, r, t) = z (1 - sigma(r) / sigma(t)) / (t - r), and v(z, t) = z sigma'(t) / sigma(t) at r = t.
 */
export const gaussian =
  (s: number): Network =>
  (z, r, t) => {
    const rows = (x: tf.Tensor) => tf.reshape(x, [-1, ...Array<number>(z.rank - 1).fill(1)]);
    const sigma = deviation(t, s);
    const slope = tf.div(tf.sub(t, tf.mul(tf.sub(1, t), s * s)), tf.square(sigma));
    const h = tf.sub(t, r);
    const instant = stopGradient(() => tf.lessEqual(h, 1e-6));
    const safe = tf.where(instant, tf.onesLike(h), h);
    const mean = tf.div(tf.sub(1, tf.div(deviation(r, s), sigma)), safe);
    return tf.mul(z, rows(tf.where(instant, slope, mean)));
  };
