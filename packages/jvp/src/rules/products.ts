import type * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { linearInEach, plus, runKernel } from './helpers';
import type { RuleTable } from './helpers';

/** d einsum(A, B, ...) = einsum(dA, B, ...) + einsum(A, dB, ...) + ... */
const einsum: JvpRule = ({ inputs, tangents, attrs }) => {
  let sum: tf.Tensor | null = null;
  for (const name of Object.keys(inputs)) {
    const tangent = tangents[name];
    if (tangent === undefined) continue;
    const operands = Object.values({ ...inputs, [name]: tangent });
    sum = plus(sum, runKernel('Einsum', operands as unknown as tf.NamedTensorMap, attrs) as tf.Tensor);
  }
  return sum;
};

/** Rules of matrix products and convolutions, which are linear in each factor. */
export const productRules: RuleTable = {
  BatchMatMul: linearInEach('BatchMatMul', 'a', 'b'),
  Conv2D: linearInEach('Conv2D', 'x', 'filter'),
  Conv2DBackpropInput: linearInEach('Conv2DBackpropInput', 'dy', 'filter'),
  Conv3D: linearInEach('Conv3D', 'x', 'filter'),
  DepthwiseConv2dNative: linearInEach('DepthwiseConv2dNative', 'x', 'filter'),
  Einsum: einsum,
};
