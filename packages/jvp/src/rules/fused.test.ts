import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { jvp } from '../jvp';

const alpha = 0.3;
const activations = {
  relu: (x: tf.Tensor) => tf.relu(x),
  relu6: (x: tf.Tensor) => tf.relu6(x),
  leakyrelu: (x: tf.Tensor) => tf.leakyRelu(x, alpha),
  prelu: (x: tf.Tensor) => tf.prelu(x, tf.tensor1d([alpha, 0.1])),
};

describeBackends('fused kernels', () => {
  // Both sides of every kink: products of -12 to 12.
  const a = () => tf.tensor2d([2, -3, 1, 4, -2, 0.5], [3, 2]);
  const b = () => tf.tensor2d([1, -2, 2, 1], [2, 2]);
  const bias = () => tf.tensor1d([0.5, -0.25]);

  it.each(Object.entries(activations))('differentiate %s as the separate operations do', (name, activate) => {
    const activation = name as keyof typeof activations;
    const weights = activation === 'prelu' ? { preluActivationWeights: tf.tensor1d([alpha, 0.1]) } : {};
    const fused = (x: tf.Tensor, y: tf.Tensor, c: tf.Tensor) =>
      tf.fused.matMul({ a: x, b: y, bias: c, activation, leakyreluAlpha: alpha, ...weights });
    const separate = (x: tf.Tensor, y: tf.Tensor, c: tf.Tensor) => activate(tf.add(tf.matMul(x, y), c));
    const actual = jvp(
      fused,
      [a(), b(), bias()],
      [tf.concat([b(), tf.reshape(bias(), [1, 2])]), b(), bias()],
    );
    const expected = jvp(
      separate,
      [a(), b(), bias()],
      [tf.concat([b(), tf.reshape(bias(), [1, 2])]), b(), bias()],
    );
    expectClose(actual.value, expected.value, 1e-6);
    expectClose(actual.tangent, expected.tangent, 1e-6);
  });

  it('refuse a tangent for prelu weights', () => {
    const f = (w: tf.Tensor) =>
      tf.fused.matMul({ a: a(), b: b(), activation: 'prelu', preluActivationWeights: w });
    expect(() => jvp(f, [bias()], [bias()])).toThrow('cannot be differentiated by its prelu weights');
  });
});
