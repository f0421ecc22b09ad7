import * as tf from '@tensorflow/tfjs-core';
import { fusedPrimitive } from './fusedPrimitive';

const siluPrimitive = fusedPrimitive<Record<'x', tf.Tensor>, object>({
  name: 'silu',
  needsOutput: false,
  forward: ({ x }) => tf.mul(x, tf.sigmoid(x)),
  vjp: ({ inputs: { x }, dy }) => ({ x: tf.mul(dy, slope(x)) }),
  jvp: ({ inputs: { x }, tangents }) => (tangents.x ? tf.mul(tangents.x, slope(x)) : null),
});

/** d silu / dx = s + x s (1 - s) with s = sigmoid(x). */
function slope(x: tf.Tensor): tf.Tensor {
  const s = tf.sigmoid(x);
  return tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1));
}

/**
 * SiLU, also called swish: x sigmoid(x).
 *
 * @returns A tensor of the shape of `x`; the caller owns it.
 */
export function silu<T extends tf.Tensor>(x: T): T {
  return siluPrimitive({ x }, {}) as T;
}
