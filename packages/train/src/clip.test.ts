import { describeBackends, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { clipFactor, globalNorm } from './clip';

describeBackends('clipping', () => {
  const norm = (...values: number[][]) =>
    tf.tidy(
      () => globalNorm(Object.fromEntries(values.map((v, i) => [String(i), tf.tensor(v)]))).dataSync()[0],
    );

  it('takes the norm over all weights together', () => {
    expect(norm([3], [0, -4], [12])).toBeCloseTo(13, 5);
  });

  it('gives a norm that is not finite when one element is not', () => {
    expect(norm([1], [NaN])).toBeNaN();
    expect(norm([1], [-Infinity])).toBe(Infinity);
    expect(norm([1e30])).toBe(Infinity);
  });

  it('scales a longer gradient to maxNorm and leaves a shorter one', () => {
    const factor = (length: number, maxNorm: number) =>
      tf.tidy(() => clipFactor(tf.scalar(length), maxNorm).dataSync()[0]);
    expect(factor(10, 2.5)).toBeCloseTo(0.25, 6);
    expect(factor(2, 2.5)).toBe(1);
    expect(factor(0, 2.5)).toBe(1);
  });

  it('leaves no tensor behind', () => {
    expectNoLeak(() => {
      const gradient = { w: tf.ones([3]) };
      const length = globalNorm(gradient);
      tf.dispose([gradient, length, clipFactor(length, 1)]);
    });
  });
});

it('refuses a norm that is not positive', () => {
  const message = 'clipFactor: maxNorm must be positive, got 0.';
  expect(() => clipFactor(undefined as unknown as tf.Scalar, 0)).toThrow(message);
});
