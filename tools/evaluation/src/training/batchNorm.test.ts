import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { batchNorm, EPSILON } from './batchNorm';

beforeAll(() => tf.setBackend('cpu'));

const random = (shape: number[], sample: number) =>
  tf.tensor(normals({ seed: 0, purpose: 'test', sample }, tf.util.sizeFromShape(shape)), shape);

/** By its definition, differentiated by tfjs. */
function plain(y: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D): tf.Tensor4D {
  const { mean, variance } = tf.moments(y, [0, 1, 2]);
  const x = tf.mul(tf.sub(y, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(x, gamma), beta);
}

it('has the value and the gradients of its definition', () => {
  const y = tf.add(random([3, 4, 5, 2], 0), 3);
  const [gamma, beta, weights] = [random([2], 1), random([2], 2), random([3, 4, 5, 2], 3)];
  const gradients = (f: typeof batchNorm) =>
    tf.grads((...args: tf.Tensor[]) => {
      const [a, b, c] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
      return tf.sum(tf.mul(f(a, b, c), weights));
    })([y, gamma, beta]);
  const close = (a: tf.Tensor, b: tf.Tensor) => {
    expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(1e-4);
  };
  const args = [y as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D] as const;
  close(batchNorm(...args), plain(...args));
  const [ours, expected] = [gradients(batchNorm), gradients(plain)];
  for (const [i, gradient] of ours.entries()) close(gradient, expected[i] ?? gradient);
});
