import { describeBackends, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { sumOfSquares } from './sumOfSquares';

describeBackends('sumOfSquares', () => {
  it('sums over all tensors together', () => {
    const sum = (...values: number[][]) =>
      tf.tidy(() => sumOfSquares(values.map((v) => tf.tensor(v))).dataSync()[0]);
    expect(sum([3], [0, -4], [12])).toBeCloseTo(169, 4);
    expect(sum([-2, 1, 0, 1])).toBeCloseTo(6, 5);
    expect(sum([1], [NaN])).toBeNaN();
    expect(sum([1, 2, 3, 4], [-Infinity])).toBe(Infinity);
  });

  it('leaves no tensor behind', () => {
    const tensors = [tf.ones([3]), tf.ones([4, 4])];
    expectNoLeak(() => {
      sumOfSquares(tensors).dispose();
    });
    tf.dispose(tensors);
  });
});
