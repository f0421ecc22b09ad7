import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

/** Runs `f` twice and expects the second run to leave as many tensors as it found (the first may fill caches). */
export function expectNoLeak(f: () => void): void {
  f();
  const before = tf.memory().numTensors;
  f();
  expect(tf.memory().numTensors).toBe(before);
}

/** {@link expectNoLeak} for asynchronous functions. */
export async function expectNoLeakAsync(f: () => Promise<void>): Promise<void> {
  await f();
  const before = tf.memory().numTensors;
  await f();
  expect(tf.memory().numTensors).toBe(before);
}
