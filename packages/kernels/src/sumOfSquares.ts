import * as tf from '@tensorflow/tfjs-core';
import { takesSquares, webgpuSumOfSquares } from './webgpu/squares';

/**
 * Sum of the squares of all elements of all tensors: the square of their norm as one vector.
 *
 * @param tensors At least one. Borrowed.
 * @returns A scalar; not finite if any element is not, or if its square exceeds float32. The caller owns it.
 */
export function sumOfSquares(tensors: readonly tf.Tensor[]): tf.Scalar {
  if (takesSquares(tensors))
    return webgpuSumOfSquares(Object.fromEntries(tensors.entries()), {})[0] as tf.Scalar;
  return tf.tidy(() => {
    const sums = tensors.map((tensor): tf.Scalar => tf.sum(tf.square(tensor)));
    // Not addN: on WebGPU it takes as many tensors as a shader has buffers, 8 by default, and fails beyond.
    return tf.sum<tf.Scalar>(tf.stack(sums));
  });
}
