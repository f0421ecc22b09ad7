import { registerCompiler } from '@meanflow/compile';
import { createWebgpuCompiler } from '@meanflow/compile/webgpu';
import type { ReplayReport } from '@meanflow/compile/webgpu';
import { meanFlow } from '@meanflow/core';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { bytesOf, cases, guidance, numClasses, settingsOf, start, train } from './compiled.testdata';
import { restoreTrainState, snapshotTrainState } from './trainState';

const reports: ReplayReport[] = [];
const bytesOnDevice = () => (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;

describeWebgpu('a compiled training', () => {
  registerCompiler(createWebgpuCompiler({ onRecord: (report) => reports.push(report) }));

  describe.each(Object.entries(cases))('of %s', (_name, settings) => {
    it('goes exactly like the eager one', async () => {
      const [eager, compiled] = [start(), start()];
      const expected = await train(eager, { ...settings, compile: { eager: true } }, 4);
      expect(await train(compiled, settings, 4)).toEqual(expected);
      expect(bytesOf(await snapshotTrainState(compiled))).toEqual(bytesOf(await snapshotTrainState(eager)));
      eager.dispose();
      compiled.dispose();
    });
  });

  it('is resumed to the same bytes, on a new recording or eagerly', async () => {
    const settings = settingsOf(meanFlow({ numClasses, guidance }), { clipNorm: 1 });
    const whole = start();
    await train(whole, settings, 6);
    const first = start();
    await train(first, settings, 3);
    const middle = await snapshotTrainState(first);
    const [second, third] = [restoreTrainState(middle), restoreTrainState(middle)];
    await train(second, settings, 6);
    await train(third, { ...settings, compile: { eager: true } }, 6);
    const expected = bytesOf(await snapshotTrainState(whole));
    expect(bytesOf(await snapshotTrainState(second))).toEqual(expected);
    expect(bytesOf(await snapshotTrainState(third))).toEqual(expected);
    for (const state of [whole, first, second, third]) state.dispose();
  });

  it('leaves nothing behind, and shares the memory of what lives only during a step', async () => {
    const settings = settingsOf(meanFlow({ numClasses }));
    const state = start();
    const { numTensors } = tf.memory();
    await train(state, settings, 2); // its four variables of a weight get numbers of their own
    await snapshotTrainState(state);
    const before = bytesOnDevice();
    reports.length = 0;
    await train(state, settings, 5);
    await snapshotTrainState(state);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(bytesOnDevice()).toBeLessThanOrEqual(before);
    const [gradients] = reports;
    expect(gradients).toMatchObject({ name: 'gradients' });
    expect(gradients!.temporaryBytes).toBeLessThan(gradients!.unsharedBytes / 3);
    state.dispose();
  });
});
