import type { Network } from '@meanflow/core';
import { expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createIdentityProbe } from './identityProbe';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** All data at one point: v = (z - m) / t, and paths are straight, so u = v for every r. */
const point = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1 : -0.5));
const straight: Network = (z, _r, t) => tf.div(tf.sub(z, tf.tensor1d([1, -0.5])), tf.reshape(t, [-1, 1]));

const residualOf = (points: Float32Array, network: Network, rows?: number) => {
  const probe = createIdentityProbe(points, 1, { distribution: 'uniform' }, rows);
  const value = tf.tidy(() => probe.residual(network).dataSync()[0] ?? NaN);
  probe.dispose();
  return value;
};

describe('the probe of the identity', () => {
  it('is zero for the average velocity of a point mass, and not for another', () => {
    expect(residualOf(point, straight)).toBeLessThan(1e-4);
    expect(residualOf(point, (...args) => tf.mul(straight(...args), 1.1))).toBeGreaterThan(0.1);
    expect(residualOf(point, (z) => tf.zerosLike(z))).toBeGreaterThan(1);
  });

  it('of an instantaneous velocity whose paths bend is not zero, since it is no average', () => {
    // Two points: paths bend towards one of them. v by the formula of two weights, a logistic function of x / t^2.
    const two = Float32Array.from({ length: 200 }, (_, i) => (i % 2 === 1 ? 0 : i % 4 === 0 ? 1 : -1));
    const velocity: Network = (z, _r, t) => {
      const time = tf.reshape(t, [-1, 1]);
      const [x] = tf.split(z, 2, 1) as [tf.Tensor];
      const rest = tf.sub(1, time);
      const mean = tf.tanh(tf.div(tf.mul(x, rest), tf.square(time)));
      return tf.div(tf.sub(z, tf.concat([mean, tf.zerosLike(mean)], 1)), time);
    };
    const atInstant = residualOf(two, (z, r, t, y) => velocity(z, r, t, y));
    expect(atInstant).toBeGreaterThan(0.2);
  });

  it('knows the least loss: none for one point, more where paths cross', () => {
    const least = (points: Float32Array) => {
      const probe = createIdentityProbe(points, 1, { distribution: 'uniform' });
      probe.dispose();
      return probe.leastLoss;
    };
    expect(least(point)).toBeLessThan(1e-6);
    expect(least(Float32Array.from({ length: 200 }, (_, i) => Math.sin(i)))).toBeGreaterThan(0.5);
  });

  it('leaves no tensor behind', () => {
    expectNoLeak(() => {
      residualOf(point, straight, 16);
    });
  });
});
