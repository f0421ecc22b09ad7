import { expectClose } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { applyAdam } from '../applyAdam';
import type { AdamNumbers, AdamSlot } from '../applyAdam';
import { webgpuAdam } from './adam';
import type { WebgpuBackend } from './backend';
import { drawn } from './cases.testdata';
import { storageBuffers } from './manyTensors';
import { activeDevice, withoutWebgpuKernels } from './runtime';

// Nine narrow and eight wide ones: more of each than one dispatch takes. Some have more than one workgroup.
const shapes = [[3, 5], [2, 4, 4], [1], [7], [260], [64, 65], [4], [30, 41], [3], [8], [12], [1], [400], [4, 1, 4], [5], [2], [9]]; // prettier-ignore

function drawSlots(): AdamSlot[] {
  return tf.tidy(() =>
    shapes.map((shape, n) => ({
      weight: tf.variable(drawn(shape, n)),
      m: tf.variable(drawn(shape, n + 80)),
      v: tf.variable(tf.square(drawn(shape, n + 80))),
      ema: tf.variable(drawn(shape, n + 60)),
      gradient: tf.keep(drawn(shape, n + 80)),
    })),
  );
}

function numbersOf(extra: { decay?: number; clip?: number } = {}): AdamNumbers {
  const plain = {
    beta1: 0.9,
    beta1Rest: 0.1,
    beta2: 0.95,
    beta2Rest: 0.05,
    epsilon: 1e-8,
    stepSize: -1e-2 / (1 - 0.9 ** 3),
    correction2: 1 / (1 - 0.95 ** 3),
    emaDecay: 0.99,
    emaRest: 0.01,
  };
  const entries = Object.entries({ ...plain, ...extra }).map(([key, value]) => [key, tf.scalar(value)]);
  return Object.fromEntries(entries) as AdamNumbers;
}

const variablesOf = ({ weight, m, v, ema }: AdamSlot) => [weight, m, v, ema];
const disposeAll = (...slots: AdamSlot[]) => {
  tf.dispose(slots.flatMap((slot) => [...variablesOf(slot), slot.gradient]));
};

/** The same update by the kernels and by operations, three times over, gives the same. */
async function expectLikeOperations(
  extra: { decay?: number; clip?: number },
  apply: (slots: AdamSlot[], numbers: AdamNumbers) => void,
  tie: (slots: AdamSlot[]) => AdamSlot[] = (slots) => slots,
): Promise<void> {
  const [drawnSlots, drawnCopies, numbers] = [drawSlots(), drawSlots(), numbersOf(extra)];
  const [slots, copies] = [tie(drawnSlots), tie(drawnCopies)];
  for (let step = 0; step < 3; step++) {
    apply(slots, numbers);
    withoutWebgpuKernels(() => {
      applyAdam(copies, numbers);
    });
  }
  for (const [i, slot] of slots.entries()) {
    for (const [n, variable] of variablesOf(slot).entries()) {
      expectClose(await variable.data(), await variablesOf(copies[i]!)[n]!.data(), 1e-6);
    }
  }
  disposeAll(...drawnSlots, ...drawnCopies);
  tf.dispose(Object.values(numbers));
}

const numbersIn = async (tensor: tf.Tensor) => [...(await tensor.data())];

describeWebgpu('applyAdam', () => {
  const options = [{}, { decay: -1e-3 }, { clip: 0.3 }, { decay: -1e-3, clip: 0.3 }];
  it.each(options)('with %o gives what the operations give', async (extra) => {
    await expectLikeOperations(extra, applyAdam);
  });

  // One, two and three weights in a dispatch; the numbers of the update in two dispatches or in one.
  const plans = [[8, 17 + 2], [11, 9 + 2], [16, 6 + 1]] as const; // prettier-ignore
  describe.each(plans)('where a shader binds %i buffers', (buffers, dispatches) => {
    const withPlan = (slots: AdamSlot[], numbers: AdamNumbers) => {
      webgpuAdam(slots, numbers, buffers);
    };
    const skipBeyond = (skip: () => void) => {
      if (buffers > storageBuffers(activeDevice())) skip();
    };

    it('gives what the operations give', async ({ skip }) => {
      skipBeyond(skip);
      await expectLikeOperations({ decay: -1e-3, clip: 0.3 }, withPlan);
    });

    it(`takes ${dispatches} dispatches`, ({ skip }) => {
      skipBeyond(skip);
      const [slots, numbers] = [drawSlots(), numbersOf({ decay: -1e-3, clip: 0.3 })];
      const dispatched = vi.spyOn(tf.backend() as unknown as WebgpuBackend, 'makeUniforms');
      withPlan(slots, numbers);
      expect(dispatched).toHaveBeenCalledTimes(dispatches);
      dispatched.mockRestore();
      disposeAll(...slots);
      tf.dispose(Object.values(numbers));
    });

    it('updates slots that share numbers one after the other', async ({ skip }) => {
      skipBeyond(skip);
      await expectLikeOperations({ clip: 0.3 }, withPlan, (slots) => {
        const [first, second, third] = [slots[0]!, slots[2]!, slots[4]!];
        const other = slots[11]!; // of the shape of `second`
        return [
          first,
          { ...first }, // a tied weight, with the same gradient
          second,
          { ...other, gradient: second.gradient }, // a gradient that two slots have
          { ...second, gradient: other.weight }, // the new weight of the slot before
          { ...other, gradient: second.m, ema: second.ema },
          third,
        ];
      });
    });

    it('leaves whole weights behind, each updated once or not at all, when a dispatch fails', async ({
      skip,
    }) => {
      skipBeyond(skip);
      const backend = tf.backend() as unknown as WebgpuBackend;
      const [slots, copies, numbers] = [drawSlots(), drawSlots(), numbersOf()];
      const old = await Promise.all(slots.map(({ weight }) => numbersIn(weight))); // as copies on the host, too
      const before = tf.memory().numTensors;
      const makeUniforms = backend.makeUniforms.bind(backend);
      let calls = 0;
      const failing = vi.spyOn(backend, 'makeUniforms').mockImplementation((parts) => {
        calls++;
        if (calls === 5) throw new Error('out of memory');
        return makeUniforms(parts);
      });
      expect(() => {
        tf.tidy(() => {
          withPlan(slots, numbers);
        });
      }).toThrow('out of memory');
      failing.mockRestore();
      expect(tf.memory().numTensors).toBe(before);
      withPlan(copies, numbers);
      const updated = await Promise.all(copies.map(({ weight }) => numbersIn(weight)));
      const found = await Promise.all(slots.map(({ weight }) => numbersIn(weight)));
      const changed = found.filter((values, i) => String(values) !== String(old[i]));
      expect(changed.length).toBe(buffers === 8 ? 2 : buffers === 11 ? 4 : 8);
      for (const values of changed) expect(updated).toContainEqual(values);
      disposeAll(...slots, ...copies);
      tf.dispose(Object.values(numbers));
    });
  });

  it('writes over the old numbers, with no new tensor', async () => {
    const [slots, numbers] = [drawSlots(), numbersOf()];
    applyAdam(slots, numbers);
    const ids = slots.flatMap((slot) => variablesOf(slot).map(({ dataId }) => dataId));
    const before = tf.memory();
    const { kernelNames } = await tf.profile(() => {
      applyAdam(slots, numbers);
    });
    expect(kernelNames).toEqual(['meanflow/adamNumbers', 'meanflow/adam']);
    expect(slots.flatMap((slot) => variablesOf(slot).map(({ dataId }) => dataId))).toEqual(ids);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    disposeAll(...slots);
    tf.dispose(Object.values(numbers));
  });

  describe('where numbers are shared', () => {
    it('changes neither a clone, nor the tensor that a variable was made of, nor another variable', async () => {
      const [slot] = drawSlots() as [AdamSlot];
      const numbers = numbersOf();
      const clone = tf.clone(slot.weight);
      const reshaped = tf.reshape(slot.m, [-1]);
      const origin = tf.tidy(() => tf.square(drawn([3, 5], 7)));
      slot.v.dispose();
      slot.v = tf.variable(origin);
      slot.ema.assign(slot.weight); // as an average begins
      const old = await numbersIn(slot.weight);
      const others = await Promise.all([clone, reshaped, origin].map(numbersIn));
      applyAdam([slot], numbers);
      applyAdam([slot], numbers);
      expect(await Promise.all([clone, reshaped, origin].map(numbersIn))).toEqual(others);
      const [weight, ema] = [await numbersIn(slot.weight), await numbersIn(slot.ema)];
      expect(weight).not.toEqual(old);
      // The average is near the old weights, and the weights have moved by two steps.
      expect(Math.abs(ema[0]! - old[0]!)).toBeLessThan(0.1 * Math.abs(weight[0]! - old[0]!));
      disposeAll(slot);
      tf.dispose([clone, reshaped, origin, numbers] as unknown as tf.TensorContainer);
    });

    it('reads the new numbers after a read of the old ones, even of one that was under way', async () => {
      const [slot] = drawSlots() as [AdamSlot];
      const numbers = numbersOf();
      applyAdam([slot], numbers);
      const first = await numbersIn(slot.weight);
      const reading = slot.weight.data(); // finishes after the update, and would be kept
      applyAdam([slot], numbers);
      expect([...(await reading)]).toEqual(first);
      const second = await numbersIn(slot.weight);
      expect(second).not.toEqual(first);
      const doubled = tf.mul(slot.weight, 2);
      expectClose(await doubled.data(), second.map((w) => 2 * w), 1e-6); // prettier-ignore
      disposeAll(slot);
      tf.dispose([doubled, numbers] as unknown as tf.TensorContainer);
    });
  });

  it('leaves no numbers behind on the device', () => {
    const backend = tf.backend() as tf.KernelBackend & { numDataIds(): number };
    const [slots, numbers] = [drawSlots(), numbersOf()];
    applyAdam(slots, numbers);
    const before = [tf.memory().numTensors, backend.numDataIds()];
    for (let step = 0; step < 3; step++) applyAdam(slots, numbers);
    expect([tf.memory().numTensors, backend.numDataIds()]).toEqual(before);
    disposeAll(...slots);
    tf.dispose(Object.values(numbers));
  });
});
