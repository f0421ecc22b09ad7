import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { flowMatching } from './flowMatching';
import { gaussian, pointMass } from './flows.testdata';
import { flowStep, invert, sample } from './sample';

const small = fc.double({ min: -3, max: 3, noNaN: true });
const noise = () => tf.tensor2d([0.5, -1, 2, 0.3, -0.7, 1.2], [3, 2]);

describeBackends('sample', () => {
  it('reaches a point mass in one step from any start', () => {
    const atOne = (z0: number, m: number) =>
      tf.tidy(
        () => flowStep(pointMass(m), tf.fill([1, 1, 1, 1], z0), tf.zeros([1]), tf.ones([1])).dataSync()[0],
      );
    fc.assert(
      fc.property(small, small, (z0, m) => {
        expect(atOne(z0, m)).toBeCloseTo(m, 5);
      }),
    );
  });

  it('is the same in one step and in many when u is an average velocity', () => {
    const network = gaussian(0.5);
    const one = sample(network, noise());
    expectClose(one, tf.mul(noise(), 0.5), 1e-6); // N(0, 1) to N(0, 0.5^2)
    for (const steps of [2, 3, 8]) expectClose(sample(network, noise(), null, { steps }), one, 1e-5);
    expectClose(sample(network, noise(), null, { times: [1, 0.83, 0.2, 0] }), one, 1e-5);
  });

  it('needs many steps when only the instantaneous velocity is used', () => {
    const exact = tf.mul(noise(), 0.5);
    const error = (steps: number) => {
      const drawn = flowMatching({ numClasses: 0 }).sample(gaussian(0.5), noise(), null, { steps });
      return tf.max(tf.abs(tf.sub(drawn, exact))).dataSync()[0] ?? NaN;
    };
    expect(error(1)).toBeGreaterThan(0.5);
    expect(error(64) / error(8)).toBeLessThan(0.2); // first order: an eighth
    expect(error(64)).toBeLessThan(0.03);
  });

  it('calls the network once a step, with the interval and the labels of the step', () => {
    const calls: number[][] = [];
    const labels = tf.tensor1d([4, 5, 6], 'int32');
    sample(
      (z, r, t, y) => {
        calls.push([r.dataSync()[0] ?? NaN, t.dataSync()[0] ?? NaN, y?.dataSync()[2] ?? NaN]);
        return tf.zerosLike(z);
      },
      noise(),
      labels,
      { times: [1, 0.5, 0] },
    );
    expect(calls).toEqual([
      [0.5, 1, 6],
      [0, 0.5, 6],
    ]);
  });

  it('inverts: from data to the noise that draws it', () => {
    const network = gaussian(0.5);
    const data = sample(network, noise(), null, { steps: 8 });
    expectClose(invert(network, data, null, { steps: 8 }), noise(), 1e-4);
    expectClose(invert(network, data, null, { steps: 4, corrections: 12 }), noise(), 1e-4);
    expectClose(sample(network, invert(network, data, null, { steps: 16 }), null, { steps: 16 }), data, 1e-4);
  });

  it('refuses grids that do not decrease', () => {
    const network = pointMass(0);
    expect(() => sample(network, noise(), null, { times: [0, 1] })).toThrow(
      'sample: times must decrease, but times[1] = 1 follows 0. Noise is at 1, data at 0.',
    );
    expect(() => sample(network, noise(), null, { times: [1] })).toThrow(
      'sample: times must have at least 2 entries, got 1.',
    );
    expect(() => sample(network, noise(), null, { times: [2, 0] })).toThrow(
      'sample: times[0] must be in [0, 1], got 2.',
    );
    expect(() => sample(network, noise(), null, { steps: 0 })).toThrow(
      'sample: steps must be an integer of at least 1, got 0.',
    );
    expect(() => sample(network, noise(), tf.zeros([2], 'int32'))).toThrow('sample: y must have shape [3]');
  });

  it('leaves no tensor behind', () => {
    const start = noise();
    expectNoLeak(() => {
      sample(gaussian(0.5), start, null, { steps: 3 }).dispose();
    });
    expectNoLeak(() => {
      invert(gaussian(0.5), start, null, { steps: 3 }).dispose();
    });
  });
});
