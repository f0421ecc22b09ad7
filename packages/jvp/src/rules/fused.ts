import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule, KernelCall } from '../rule';
import { plus, required, runKernel } from './helpers';
import type { RuleTable } from './helpers';

// tf.fused.* outside a gradient: y = activation(product + bias) in one kernel.

/** Slope of an activation, given the value before it and the output. */
function activationSlope(call: KernelCall, before: () => tf.Tensor): tf.Tensor | null {
  const { activation, leakyreluAlpha } = call.attrs as unknown as {
    activation: string | null;
    leakyreluAlpha?: number;
  };
  const y = call.output;
  const split = (negative: tf.Tensor) => tf.where(tf.greater(before(), 0), tf.onesLike(y), negative);
  switch (activation ?? 'linear') {
    case 'linear':
      return null;
    case 'relu':
      return tf.step(y);
    case 'relu6':
      return tf.cast(tf.logicalAnd(tf.greater(y, 0), tf.lessEqual(before(), 6)), 'float32');
    case 'sigmoid':
      return tf.mul(y, tf.sub(1, y));
    case 'elu':
      return tf.where(tf.greaterEqual(y, 0), tf.onesLike(y), tf.add(y, 1));
    case 'leakyrelu':
      return split(tf.fill(y.shape, leakyreluAlpha ?? 0.2));
    case 'prelu':
      return split(tf.broadcastTo(required(call.inputs, 'preluActivationWeights'), y.shape));
    default:
      throw new Error(
        `jvp: the fused activation ${String(activation)} has no rule. Apply it as an operation of its own.`,
      );
  }
}

function fused(kernel: string, left: string, right: string): JvpRule {
  return (call) => {
    const { inputs, tangents, attrs, output } = call;
    if (tangents['preluActivationWeights'] !== undefined) {
      throw new Error(
        `jvp: ${kernel} cannot be differentiated by its prelu weights. Use tf.prelu on the product.`,
      );
    }
    const operands = { [left]: required(inputs, left), [right]: required(inputs, right) };
    const linear = (changed: tf.NamedTensorMap) =>
      runKernel(kernel, { ...operands, ...changed }, { ...attrs, activation: 'linear' }) as tf.Tensor;
    const { [left]: dLeft, [right]: dRight, bias: dBias } = tangents;
    const products = plus(
      dLeft === undefined ? null : linear({ [left]: dLeft }),
      dRight === undefined ? null : linear({ [right]: dRight }),
    );
    const biasPart = dBias === undefined ? null : tf.broadcastTo(dBias, output.shape);
    const dBefore = plus(products, biasPart);
    const bias = inputs['bias'] as tf.Tensor | null | undefined;
    const slope = activationSlope(call, () => linear(bias == null ? {} : { bias }));
    return slope === null || dBefore === null ? dBefore : tf.mul(dBefore, slope);
  };
}

/** Rules of the fused kernels behind tf.fused. */
export const fusedRules: RuleTable = {
  _FusedMatMul: fused('_FusedMatMul', 'a', 'b'),
  FusedConv2D: fused('FusedConv2D', 'x', 'filter'),
  FusedDepthwiseConv2D: fused('FusedDepthwiseConv2D', 'x', 'filter'),
};
