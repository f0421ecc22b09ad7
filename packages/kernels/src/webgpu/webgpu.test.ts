import { expectNoLeakAsync } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { differences, drawn, kernelCases } from './cases.testdata';
import { gelu } from '../gelu';
import { layerNormModulate } from '../layerNorm';
import { linear } from '../linear';
import { foldGroups, withoutWebgpuKernels } from './runtime';

const second = ['3 x 65', '2 x 3 x 6', '3 x 5 x 7', '3 x 5 ', '2 x 3, 2 heads']; // small, and no multiples of 4

describeWebgpu('kernels', () => {
  it.each(Object.entries(kernelCases))('%s equals its definition', async (_, kernelCase) => {
    for (const [name, difference] of Object.entries(await differences(kernelCase))) {
      expect(difference, name).toBeLessThan(1e-5);
    }
  });

  const several = Object.entries(kernelCases).filter(([name]) => second.some((size) => name.includes(size)));
  it.each(several)('%s has its second derivatives', async (_, kernelCase) => {
    for (const [name, difference] of Object.entries(await differences(kernelCase, 2))) {
      expect(difference, name).toBeLessThan(1e-4);
    }
  });

  it('leaves nothing behind, neither tensors nor numbers on the device', async () => {
    const backend = tf.backend() as tf.KernelBackend & { numDataIds(): number };
    const [x, row] = [drawn([2, 300, 8], 1), drawn([2, 8], 2)];
    const run = async () => {
      const gradient = tf.grad((a: tf.Tensor) => layerNormModulate(a, row, row))(x);
      await gradient.data();
      gradient.dispose();
    };
    await run();
    const before = backend.numDataIds();
    await expectNoLeakAsync(run);
    expect(backend.numDataIds()).toBe(before);
    tf.dispose([x, row]);
  });

  it('reads int32 that tfjs calls float32', async () => {
    const y = tf.tidy(() => {
      const oneHot = tf.cast(tf.oneHot(tf.tensor1d([2, 0], 'int32'), 3), 'float32');
      return linear(oneHot, tf.tensor2d([[1, 2], [3, 4], [5, 6]])); // prettier-ignore
    });
    expect([...(await y.data())]).toEqual([5, 6, 1, 2]);
    y.dispose();
  });

  it('appears in profiles by name, and is timed', async () => {
    const [x, row] = [drawn([1, 2, 4], 1), drawn([1, 4], 2)];
    const { kernelNames } = await tf.profile(() => layerNormModulate(x, row, row));
    expect(kernelNames).toContain('meanflow/layerNormModulate');
    const { kernelMs } = await tf.time(() => {
      layerNormModulate(x, row, row);
    });
    expect(kernelMs).toBeGreaterThanOrEqual(0);
  });

  describe('without our kernels', () => {
    it('has the same values', async () => {
      const x = drawn([5, 7], 1);
      const [ours, theirs] = [gelu(x), withoutWebgpuKernels(() => gelu(x))];
      const expected = await theirs.data();
      for (const [i, value] of (await ours.data()).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
      tf.dispose([x, ours, theirs]);
    });
  });

  it('folds more workgroups than a dimension takes', () => {
    expect(foldGroups([10], 100)).toEqual([10, 1, 1]);
    expect(foldGroups([10, 2, 3], 100)).toEqual([10, 2, 3]);
    expect(foldGroups([201], 100)).toEqual([67, 3, 1]);
  });
});
