import { applyAdam } from '@meanflow/kernels';
import { describeBackends, expectClose, expectNoLeak, golden } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { adamNumbers } from './adamNumbers';
import type { AdamOptions, UpdateOptions } from './adamNumbers';

/** A weight at the start of a training. */
const slotOf = (weight: tf.Tensor) => ({
  weight: tf.variable(weight),
  m: tf.variable(tf.zerosLike(weight)),
  v: tf.variable(tf.zerosLike(weight)),
  ema: tf.variable(weight),
});

describeBackends('Adam and EMA', () => {
  const reference = golden(import.meta.url, 'optimizer_adamw_ema.safetensors');
  const learningRate = reference.config['lr'] as number;
  const beta2 = reference.config['b2'] as number;

  describe.each(Object.keys(reference.config['shapes'] as object))(
    'equal optax on recorded gradients of %s',
    (name) => {
      it.each([0.9999, 0.9])('in weights and averages of decay %d over five steps', (emaDecay) => {
        tf.tidy(() => {
          const slot = slotOf(reference.tensor(`init/${name}`));
          for (let step = 1; step <= 5; step++) {
            const gradient = reference.tensor(`grad/step${step}/${name}`);
            const before = tf.clone(slot.weight);
            const options = { adam: { beta2 }, emaDecay };
            applyAdam([{ ...slot, gradient }], adamNumbers(step - 1, learningRate, tf.scalar(1), options));
            const expected = tf.tensor(reference.data(`update/step${step}/${name}`), gradient.shape);
            const difference = tf.max(tf.abs(tf.sub(tf.sub(slot.weight, before), expected))).dataSync()[0]!;
            // To 1e-6 of the learning rate, and the rounding of the weight that the update was added to.
            const rounding = 2 ** -23 * tf.max(tf.abs(before)).dataSync()[0]!;
            expect(difference).toBeLessThanOrEqual(1e-6 * learningRate + rounding);
            expectClose(slot.weight, reference.data(`param/step${step}/${name}`), 2e-6);
            expectClose(slot.ema, reference.data(`ema${emaDecay}/step${step}/${name}`), 2e-6);
          }
          tf.dispose(slot);
        });
      });
    },
  );

  const scalarUpdate = (gradient: number, weight: number, rate: number, options: UpdateOptions = {}) =>
    tf.tidy(() => {
      const slot = slotOf(tf.scalar(weight));
      const numbers = adamNumbers(0, rate, tf.scalar(Math.abs(gradient)), options);
      applyAdam([{ ...slot, gradient: tf.scalar(gradient) }], numbers);
      const update = slot.weight.dataSync()[0]! - weight;
      tf.dispose(slot);
      return update;
    });

  it('moves against the gradient by one learning rate at first, whatever its size', () => {
    expect(scalarUpdate(3e-3, 0, 0.01)).toBeCloseTo(-0.01, 6);
    expect(scalarUpdate(-40, 0, 0.01)).toBeCloseTo(0.01, 6);
    expect(scalarUpdate(0, 0, 0.01)).toBeCloseTo(0, 12);
  });

  it('adds epsilon to the root after the bias correction', () => {
    // |g| = epsilon, so g / (|g| + epsilon) = 1/2.
    expect(scalarUpdate(1e-3, 0, 1, { adam: { epsilon: 1e-3 } })).toBeCloseTo(-0.5, 5);
  });

  it('clips the gradient before anything else', () => {
    // Clipped to 1e-3 = epsilon.
    expect(scalarUpdate(8, 0, 1, { adam: { epsilon: 1e-3 }, clipNorm: 1e-3 })).toBeCloseTo(-0.5, 5);
  });

  it('decays the weight by the learning rate, apart from the gradient', () => {
    expect(scalarUpdate(0, 5, 0.1, { adam: { weightDecay: 0.2 } })).toBeCloseTo(-0.1 * 0.2 * 5, 6);
  });

  it('leaves no tensor behind', () => {
    expectNoLeak(() => {
      const norm = tf.scalar(2);
      const numbers = adamNumbers(3, 0.1, norm, { adam: { weightDecay: 0.1 }, clipNorm: 1 });
      tf.dispose([{ ...numbers }, norm]);
    });
  });
});

it.each<[AdamOptions, RegExp]>([
  [{ beta1: 1 }, /adamNumbers: beta1 must be in \[0, 1\), got 1/],
  [{ beta2: -0.1 }, /beta2 must be in \[0, 1\), got -0.1/],
  [{ epsilon: 0 }, /epsilon must be positive, got 0/],
  [{ weightDecay: -1 }, /weightDecay must be at least 0, got -1/],
])('refuses %j', (adam, message) => {
  const norm = tf.scalar(1);
  expect(() => adamNumbers(0, 1e-3, norm, { adam })).toThrow(message);
});

it('refuses a decay that is no share', () => {
  expect(() => adamNumbers(0, 1, tf.scalar(1), { emaDecay: 99.99 })).toThrow(
    'adamNumbers: emaDecay must be in [0, 1], got 99.99.',
  );
});
