import { expectClose, expectNoLeak } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import type { WebgpuBackend } from './backend';
import { drawn } from './cases.testdata';
import { storageBuffers } from './manyTensors';
import { activeDevice } from './runtime';
import { webgpuSumOfSquares } from './squares';

/** Twenty wide tensors and ten narrow ones, some of one number, some of several workgroups. */
const drawAll = () =>
  Array.from({ length: 30 }, (_, n) => {
    if (n % 3 === 2) return drawn([n % 2 === 0 ? 1 : 8001 + 2 * n], n);
    return drawn([n % 2 === 0 ? 4 : 300, 8 + 4 * n], n);
  });

describeWebgpu('sumOfSquares', () => {
  // Seven and fifteen tensors in a dispatch, and two more for the sums.
  const plans = [[8, 3 + 2 + 2], [16, 2 + 1 + 2]] as const; // prettier-ignore
  describe.each(plans)('where a shader binds %i buffers', (buffers, dispatches) => {
    it(`sums over all tensors in ${dispatches} dispatches`, async ({ skip }) => {
      if (buffers > storageBuffers(activeDevice())) skip();
      const tensors = drawAll();
      const numbers = await Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]));
      const dispatched = vi.spyOn(tf.backend() as unknown as WebgpuBackend, 'makeUniforms');
      const [sum] = webgpuSumOfSquares(Object.fromEntries(tensors.entries()), { buffers });
      expect(dispatched).toHaveBeenCalledTimes(dispatches);
      dispatched.mockRestore();
      const expected = numbers.flat().reduce((a, x) => a + x * x, 0);
      expectClose(await sum.data(), [expected], 1e-6);
      tf.dispose([sum, tensors] as tf.TensorContainer);
    });
  });

  it('takes a tensor twice', async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const [sum] = webgpuSumOfSquares({ a: x, b: x }, {});
    expect([...(await sum.data())]).toEqual([28]);
    tf.dispose([x, sum]);
  });

  it('leaves no numbers behind on the device', () => {
    const backend = tf.backend() as tf.KernelBackend & { numDataIds(): number };
    const inputs = Object.fromEntries(drawAll().entries());
    const before = backend.numDataIds();
    expectNoLeak(() => {
      webgpuSumOfSquares(inputs, {})[0].dispose();
    });
    expect(backend.numDataIds()).toBe(before);
    tf.dispose(inputs);
  });
});
