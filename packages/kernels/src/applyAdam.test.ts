import { normals } from '@meanflow/random';
import { describeBackends, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adamByOperations, applyAdam } from './applyAdam';
import type { AdamNumbers, AdamSlot } from './applyAdam';

const names = ['weight', 'm', 'v', 'ema', 'gradient'] as const;

/** Slots of several shapes; v is not negative. */
function drawSlots(): AdamSlot[] {
  return [[3, 5], [2, 4, 4], [1], [3], [7]].map((shape, n) => {
    const draw = (purpose: string) =>
      tf.tensor(normals({ seed: n, purpose }, tf.util.sizeFromShape(shape)), shape);
    const [weight, m, v, ema, gradient] = names.map(draw) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    return {
      weight: tf.variable(weight),
      m: tf.variable(m),
      v: tf.variable(tf.square(v)),
      ema: tf.variable(ema),
      gradient,
    };
  });
}

/** Numbers of update 3. */
function numbersOf(extra: { decay?: number; clip?: number } = {}): AdamNumbers {
  const plain = {
    beta1: 0.9,
    beta1Rest: 1 - 0.9,
    beta2: 0.95,
    beta2Rest: 1 - 0.95,
    epsilon: 1e-8,
    stepSize: -1e-2 / (1 - 0.9 ** 3),
    correction2: 1 / (1 - 0.95 ** 3),
    emaDecay: 0.9999,
    emaRest: 1 - 0.9999,
  };
  const entries = Object.entries({ ...plain, ...extra }).map(([key, value]) => [key, tf.scalar(value)]);
  return Object.fromEntries(entries) as AdamNumbers;
}

describeBackends('applyAdam', (backend) => {
  it('moves a weight by the learning rate against its gradient in the first update', () => {
    tf.tidy(() => {
      const slot: AdamSlot = {
        weight: tf.variable(tf.ones([4])),
        m: tf.variable(tf.zeros([4])),
        v: tf.variable(tf.zeros([4])),
        ema: tf.variable(tf.ones([4])),
        gradient: tf.tensor1d([3, -0.5, 100, -1e-3]),
      };
      const first = { stepSize: tf.scalar(-0.01 / (1 - 0.9)), correction2: tf.scalar(1 / (1 - 0.95)) };
      const half = { emaDecay: tf.scalar(0.5), emaRest: tf.scalar(0.5) };
      applyAdam([slot], { ...numbersOf(), ...first, ...half });
      const expected = [0.99, 1.01, 0.99, 1.01];
      for (const [i, w] of slot.weight.dataSync().entries()) expect(w).toBeCloseTo(expected[i]!, 5);
      for (const [i, e] of slot.ema.dataSync().entries()) expect(e).toBeCloseTo((1 + expected[i]!) / 2, 5);
      tf.dispose([slot.weight, slot.m, slot.v, slot.ema]);
    });
  });

  describe.each([{}, { decay: -1e-3 }, { clip: 0.3 }, { decay: -1e-3, clip: 0.3 }])('with %o', (extra) => {
    it('gives what the operations give one by one, bit for bit', () => {
      tf.tidy(() => {
        const numbers = numbersOf(extra);
        const [slots, copies] = [drawSlots(), drawSlots()];
        applyAdam(slots, numbers);
        for (const [i, slot] of slots.entries()) {
          const expected = adamByOperations(copies[i]!, numbers);
          for (const [n, tensor] of [slot.weight, slot.m, slot.v, slot.ema].entries()) {
            expect(tensor.dataSync()).toEqual(expected[n]!.dataSync());
          }
        }
        tf.dispose([slots, copies].flat().flatMap(({ weight, m, v, ema }) => [weight, m, v, ema]));
      });
    });
  });

  it('has a kernel of its own on wasm', async () => {
    const [slots, numbers] = [drawSlots(), numbersOf()];
    const { kernels } = await tf.profile(() => {
      applyAdam(slots, numbers);
    });
    expect(kernels.filter(({ name }) => name === 'meanflow/adam')).toHaveLength(backend === 'wasm' ? 3 : 0);
    tf.dispose([slots, numbers] as unknown as tf.TensorContainer);
  });

  it('leaves no tensor behind and keeps the gradient', () => {
    const [slots, numbers] = [drawSlots(), numbersOf()];
    expectNoLeak(() => {
      applyAdam(slots, numbers);
    });
    expect(slots[0]!.gradient.isDisposed).toBe(false);
    tf.dispose([slots, numbers] as unknown as tf.TensorContainer);
  });

  it('refuses a slot of several shapes', () => {
    tf.tidy(() => {
      const [first] = drawSlots();
      expect(() => {
        applyAdam([{ ...first!, gradient: tf.zeros([3]) }], numbersOf());
      }).toThrow('applyAdam: slots[0] must have one shape, got [3, 5], [3, 5], [3, 5], [3, 5], [3].');
    });
  });
});
