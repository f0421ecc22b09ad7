import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { linearIn, linearInEach, plus, required } from './helpers';
import type { RuleTable } from './helpers';

/** Gradient of elu: dy for y >= 0, else dy (y + 1). */
const eluGrad: JvpRule = ({ inputs, tangents }) => {
  const dy = required(inputs, 'dy');
  const y = required(inputs, 'y');
  const { dy: ddy, y: dOut } = tangents;
  const negative = tf.cast(tf.less(y, 0), 'float32');
  const slope = tf.add(tf.mul(negative, y), 1);
  return plus(
    ddy === undefined ? null : tf.mul(ddy, slope),
    dOut === undefined ? null : tf.mul(tf.mul(negative, dy), dOut),
  );
};

/**
 * Rules of the kernels in which tfjs-core's gradients end, so that `jvp` of `tf.grad` (a Hessian-vector product) works.
 * The gradient of a maximum is piecewise constant in the input, so only `dy` counts.
 */
export const backwardRules: RuleTable = {
  ...linearIn('dy', [
    'AvgPool3DGrad',
    'AvgPoolGrad',
    'MaxPool3DGrad',
    'MaxPoolGrad',
    'ResizeBilinearGrad',
    'ResizeNearestNeighborGrad',
    'Dilation2DBackpropFilter',
    'Dilation2DBackpropInput',
  ]),
  Conv2DBackpropFilter: linearInEach('Conv2DBackpropFilter', 'x', 'dy'),
  Conv3DBackpropFilterV2: linearInEach('Conv3DBackpropFilterV2', 'x', 'dy'),
  Conv3DBackpropInputV2: linearInEach('Conv3DBackpropInputV2', 'dy', 'filter'),
  DepthwiseConv2dNativeBackpropFilter: linearInEach('DepthwiseConv2dNativeBackpropFilter', 'x', 'dy'),
  DepthwiseConv2dNativeBackpropInput: linearInEach('DepthwiseConv2dNativeBackpropInput', 'dy', 'filter'),
  EluGrad: eluGrad,
};
