import * as tf from '@tensorflow/tfjs-core';
import { fusedPrimitive } from './fusedPrimitive';
import { webgpuSilu, webgpuSiluPullBack } from './webgpu/elementwise';
import { useWebgpuKernels } from './webgpu/runtime';

const siluPrimitive = fusedPrimitive<Record<'x', tf.Tensor>, object>({
  name: 'silu',
  needsOutput: false,
  forward: ({ x }) => (useWebgpuKernels(x) ? webgpuSilu({ x }, {})[0] : tf.mul(x, tf.sigmoid(x))),
  vjp: ({ inputs: { x }, dy }) => ({ x: pullBack(x, dy) }),
  jvp: ({ inputs: { x }, tangents }) => (tangents.x ? pullBack(x, tangents.x) : null),
});

/** d silu'(x), the derivative in both modes. */
function pullBack(x: tf.Tensor, d: tf.Tensor): tf.Tensor {
  return useWebgpuKernels(x, d) ? webgpuSiluPullBack({ x, d }, {})[0] : tf.mul(d, slope(x));
}

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
