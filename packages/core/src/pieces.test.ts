import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { drawLabelDrop, drawNoise } from './draws';
import { effectiveGuidance, guidedVelocity } from './guidance';
import { conditionalVelocity, interpolate } from './interpolate';
import { dropLabels } from './labels';
import type { Network } from './network';
import { adaptiveLoss, squaredError } from './weighting';

describeBackends('the pieces of the objective', () => {
  it('interpolate is data at t = 0, noise at t = 1, and moves with the conditional velocity', () => {
    const x = tf.tensor4d([1, 2, 3, 4], [2, 2, 1, 1]);
    const e = tf.tensor4d([-1, 5, 0, 1], [2, 2, 1, 1]);
    const at = (t: number) => interpolate(x, e, tf.fill<tf.Rank.R1>([2], t));
    expect([...at(0).dataSync()]).toEqual([1, 2, 3, 4]);
    expect([...at(1).dataSync()]).toEqual([-1, 5, 0, 1]);
    expectClose(tf.div(tf.sub(at(0.75), at(0.25)), 0.5), conditionalVelocity(x, e), 1e-6);
    expect([...interpolate(x, e, tf.tensor1d([0, 1])).dataSync()]).toEqual([1, 2, 0, 1]);
    expect(() => interpolate(x, tf.zeros([2, 1, 1, 1]), tf.zeros([2]))).toThrow(
      'interpolate: e must have the shape of x, [2, 2, 1, 1], got [2, 1, 1, 1].',
    );
  });

  it('guidedVelocity mixes the three velocities inside the interval, for rows with a label', () => {
    // v = 10; u(null) = 2, u(y) = 3: omega 2, kappa 0.25 gives 20 - 1.25 * 2 + 0.25 * 3
    const network: Network = (z, _r, _t, y) => {
      const isNull = tf.cast(tf.equal(y ?? tf.scalar(0), 9), 'float32');
      return tf.mul(tf.onesLike(z), tf.reshape(tf.sub(3, isNull), [-1, 1]));
    };
    const four = (value: number) => tf.fill([4, 1], value);
    const guided = guidedVelocity(
      network,
      four(10),
      four(0),
      tf.tensor1d([0.1, 0.2, 0.8, 0.5]),
      tf.tensor1d([1, 2, 3, 4], 'int32'),
      9,
      tf.tensor1d([0, 0, 0, 1]),
      { omega: 2, kappa: 0.25, tStart: 0.2, tEnd: 0.8 },
    );
    expectClose(guided, [10, 18.25, 18.25, 10], 1e-6);
    expect(effectiveGuidance({ omega: 0.2, kappa: 0.92 })).toBeCloseTo(2.5, 10);
  });

  it('dropLabels replaces dropped rows only', () => {
    const y = dropLabels(tf.tensor1d([3, 1, 4], 'int32'), tf.tensor1d([1, 0, 1]), 10);
    expect(y.dtype).toBe('int32');
    expect([...y.dataSync()]).toEqual([10, 1, 10]);
  });

  it('drawLabelDrop drops the first rows, at the rate asked for', () => {
    const { data } = drawLabelDrop(5000, { seed: 1, step: 0 }, 0.1);
    const count = [...data].reduce((a, b) => a + b);
    expect(count / 5000).toBeCloseTo(0.1, 1.5);
    expect([...data].lastIndexOf(1)).toBe(count - 1);
    expect([...drawLabelDrop(9, { seed: 1, step: 0 }, 1).data]).toEqual(Array(9).fill(1));
    expect([...drawLabelDrop(9, { seed: 1, step: 0 }, 0).data]).toEqual(Array(9).fill(0));
  });

  it('drawNoise gives rows that differ', () => {
    const { data, shape } = drawNoise(3, [2, 2, 1], { seed: 1, step: 0 });
    expect(shape).toEqual([3, 2, 2, 1]);
    expect(new Set(data).size).toBe(12);
  });

  it('squaredError sums over pixels, and adaptiveLoss weights', () => {
    const s = squaredError(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([0, 0, 3, 1], [2, 2]));
    expect([...s.dataSync()]).toEqual([5, 9]);
    const loss = (p: number) => adaptiveLoss(s, { p, eps: 1 }).dataSync()[0];
    expect(loss(0)).toBe(7);
    expect(loss(1)).toBeCloseTo((5 / 6 + 9 / 10) / 2, 6);
    expect(loss(0.5)).toBeCloseTo((5 / Math.sqrt(6) + 9 / Math.sqrt(10)) / 2, 5);
  });
});
