import { describeBackends, expectClose } from '@meanflow/testing';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { linear } from './linear';
import { columnSums, transpose2d } from './matrixProduct';

const drawn = (shape: number[]) =>
  tf.tensor2d(
    normals({ seed: 3, purpose: 'linear' }, tf.util.sizeFromShape(shape)),
    shape as [number, number],
  );

describeBackends('linear', () => {
  it('maps the last axis, whatever the rank', () => {
    tf.tidy(() => {
      const kernel = tf.tensor2d([[1, 10, 100], [2, 20, 200]]); // prettier-ignore
      const bias = tf.tensor1d([0, 1, 2]);
      expectClose(linear(tf.tensor1d([1, 1]), kernel, bias), [3, 31, 302], 1e-6);
      const y = linear(tf.reshape(tf.range(0, 8), [2, 1, 2, 2]), kernel);
      expect(y.shape).toEqual([2, 1, 2, 3]);
      expectClose(y, [2, 20, 200, 8, 80, 800, 14, 140, 1400, 20, 200, 2000], 1e-6);
    });
  });
  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const [x, kernel] = [tf.zeros([2, 3]), tf.zeros([4, 5])];
      expect(() => linear(x, kernel)).toThrow(
        'linear: kernel must be [in, out] with in = 3, the last axis of x, got [4, 5].',
      );
      expect(() => linear(x, tf.zeros([3, 5]), tf.zeros([4]))).toThrow('linear: bias must be [5], got [4].');
    });
  });
  it.each([
    [5, 8],
    [5, 3],
    [1, 6],
    [7, 2],
    [300, 10],
  ])('transposes and sums the columns of a %i x %i matrix as tfjs does', (rows, columns) => {
    tf.tidy(() => {
      const x = drawn([rows, columns]);
      expect(transpose2d(x).dataSync()).toEqual(tf.transpose(x).dataSync());
      expectClose(columnSums(x), tf.sum(x, 0), 1e-6);
    });
  });
});
