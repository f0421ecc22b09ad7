import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, it } from 'vitest';
import { findDawn } from './dawn';

// A module of its own: only tests that use it start a device.
const reason = await findDawn();

/** Why there is no webgpu backend here; null if there is one. */
export const absentWebgpu: string | null =
  reason === null ? null : `${reason}; npm run gpu brings a driver that computes on the CPU`;

/**
 * Runs a suite on tfjs's webgpu backend over Dawn, or reports one skipped test whose title says why not. Tensors are
 * read with `await tensor.data()`: Dawn in Node has no way to read synchronously.
 *
 * @param suite Defines the tests; the backend is active while they run.
 */
export function describeWebgpu(title: string, suite: () => void): void {
  if (absentWebgpu !== null) {
    it.skip(`${title} on webgpu (skipped: ${absentWebgpu})`, () => undefined);
    return;
  }
  describe(`${title} on webgpu`, () => {
    beforeAll(async () => {
      if (!(await tf.setBackend('webgpu'))) throw new Error('testing: backend webgpu does not start.');
    });
    suite();
  });
}
