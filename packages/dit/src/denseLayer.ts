import { linear } from '@meanflow/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import { weightOf } from './weights';
import type { Weights } from './weights';

/** y = x W + b over the last axis, with the weights `name.kernel` and `name.bias`. */
export function denseLayer(x: tf.Tensor, weights: Weights, name: string): tf.Tensor {
  return linear(x, weightOf(weights, `${name}.kernel`), weightOf(weights, `${name}.bias`));
}
