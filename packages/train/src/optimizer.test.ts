import { describeBackends, expectClose, expectNoLeak, golden } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { adamScalars, adamUpdate } from './adam';
import type { AdamOptions } from './adam';
import { emaScalars, emaUpdate } from './ema';

describeBackends('Adam and EMA', () => {
  const reference = golden(import.meta.url, 'optimizer_adamw_ema.safetensors');
  const learningRate = reference.config['lr'] as number;
  const beta2 = reference.config['b2'] as number;

  describe.each(Object.keys(reference.config['shapes'] as object))(
    'equal optax on recorded gradients of %s',
    (name) => {
      it('in updates, weights and averages of five steps', () => {
        tf.tidy(() => {
          let weight = reference.tensor(`init/${name}`);
          let [m, v] = [tf.zerosLike(weight), tf.zerosLike(weight)];
          const averages = new Map([0.9999, 0.9].map((d) => [d, weight]));
          for (let step = 1; step <= 5; step++) {
            const gradient = reference.tensor(`grad/step${step}/${name}`);
            const result = adamUpdate(
              { gradient, m, v, weight },
              adamScalars(step - 1, learningRate, { beta2 }),
            );
            const expected = reference.data(`update/step${step}/${name}`);
            // Absolute, to 1e-6 of the learning rate, whatever the size of the gradient.
            const difference = tf
              .max(tf.abs(tf.sub(result.update, tf.tensor(expected, weight.shape))))
              .dataSync()[0];
            expect(difference).toBeLessThanOrEqual(1e-6 * learningRate);
            ({ m, v } = result);
            weight = tf.add(weight, result.update);
            expectClose(weight, reference.data(`param/step${step}/${name}`), 2e-6);
            for (const [d, average] of averages) {
              averages.set(d, emaUpdate(average, weight, emaScalars(d)));
              const key = `ema${d}/step${step}/${name}`;
              expectClose(averages.get(d) ?? [], reference.data(key), 2e-6);
            }
          }
        });
      });
    },
  );

  const scalarUpdate = (gradient: number, weight: number, rate: number, options?: AdamOptions) =>
    tf.tidy(() => {
      const zero = tf.scalar(0);
      const inputs = { gradient: tf.scalar(gradient), m: zero, v: zero, weight: tf.scalar(weight) };
      return adamUpdate(inputs, adamScalars(0, rate, options)).update.dataSync()[0];
    });

  it('moves against the gradient by one learning rate at first, whatever its size', () => {
    expect(scalarUpdate(3e-3, 5, 0.01)).toBeCloseTo(-0.01, 6);
    expect(scalarUpdate(-40, 5, 0.01)).toBeCloseTo(0.01, 6);
    expect(scalarUpdate(0, 5, 0.01)).toBeCloseTo(0, 12);
  });

  it('adds epsilon to the root after the bias correction', () => {
    // |g| = epsilon, so g / (|g| + epsilon) = 1/2.
    expect(scalarUpdate(1e-3, 0, 1, { epsilon: 1e-3 })).toBeCloseTo(-0.5, 5);
  });

  it('decays the weight by the learning rate, apart from the gradient', () => {
    expect(scalarUpdate(0, 5, 0.1, { weightDecay: 0.2 })).toBeCloseTo(-0.1 * 0.2 * 5, 6);
  });

  it('leaves no tensor behind', () => {
    expectNoLeak(() => {
      const inputs = { gradient: tf.ones([2]), m: tf.zeros([2]), v: tf.zeros([2]), weight: tf.ones([2]) };
      const scalars = adamScalars(3, 0.1, { weightDecay: 0.1 });
      const ema = emaScalars(0.9);
      tf.dispose([{ ...adamUpdate(inputs, scalars) }, emaUpdate(inputs.weight, inputs.m, ema)]);
      tf.dispose([inputs, { ...scalars }, { ...ema }]);
    });
  });
});

it.each<[AdamOptions, RegExp]>([
  [{ beta1: 1 }, /adamScalars: beta1 must be in \[0, 1\), got 1/],
  [{ beta2: -0.1 }, /beta2 must be in \[0, 1\), got -0.1/],
  [{ epsilon: 0 }, /epsilon must be positive, got 0/],
  [{ weightDecay: -1 }, /weightDecay must be at least 0, got -1/],
])('refuses %j', (options, message) => {
  expect(() => adamScalars(0, 1e-3, options)).toThrow(message);
});

it('refuses a decay that is no share', () => {
  expect(() => emaScalars(99.99)).toThrow('emaScalars: decay must be in [0, 1], got 99.99.');
});
