import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meanFlow, normals } from '@meanflow/core';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { createTrainState, restoreTrainState, snapshotTrainState } from '../trainState';
import type { TrainState } from '../trainState';
import { createTrainer } from '../trainer';
import { toWeights } from '../weights';
import { filesIn } from './checkpoints.testdata';
import { loadCheckpoint, saveCheckpoint } from './checkpoints';

const seed = 5;
const objective = meanFlow({ numClasses: 0, times: { instantFraction: 0.5 } });
const network = (weights: Record<string, tf.Tensor>) => {
  const { hidden, out } = weights as Record<'hidden' | 'out', tf.Tensor>;
  return (z: tf.Tensor, r: tf.Tensor1D, t: tf.Tensor1D) =>
    tf.matMul(tf.tanh(tf.matMul(tf.concat([z, tf.stack([t, tf.sub(t, r)], 1)], 1), hidden)), out);
};
const settings = {
  objective,
  network,
  learningRate: { peak: 0.01, warmupSteps: 4 },
  emaDecay: 0.9,
  clipNorm: 1,
};

function start(): TrainState {
  const array = (purpose: string, shape: [number, number]) => ({
    shape,
    data: normals({ seed, purpose }, shape[0] * shape[1]),
  });
  const initial = toWeights({ hidden: array('hidden', [4, 16]), out: array('out', [16, 2]) });
  const state = createTrainState(initial);
  tf.dispose(initial);
  return state;
}

/** Trains to a step and saves; the batch of the fourth step is not finite. */
async function trainAndSave(state: TrainState, lastStep: number, folder: string): Promise<void> {
  const trainer = createTrainer(state, settings);
  while (state.step < lastStep) {
    const { step } = state;
    const x = normals({ seed, purpose: 'data', step }, 32);
    const batch = { x: step === 3 ? x.fill(NaN) : x, shape: [16, 2], y: null };
    await trainer.step(batch, objective.draw(16, [2], { seed, step }));
  }
  const snapshot = await snapshotTrainState(state);
  trainer.dispose();
  saveCheckpoint(folder, { snapshot, seed, data: null, config: { lr: 0.01 } });
}

// The native backend may add up in another order from run to run.
describeBackends(
  'a training that is stopped and resumed',
  () => {
    it('ends with the same bytes as one that was not', async () => {
      const root = mkdtempSync(join(tmpdir(), 'meanflow-resume-'));
      const before = tf.memory().numTensors;
      const whole = start();
      await trainAndSave(whole, 12, join(root, 'whole'));
      whole.dispose();

      const first = start();
      const folder = join(root, 'parts');
      await trainAndSave(first, 5, folder);
      first.dispose();
      for (const lastStep of [6, 12]) {
        const loaded = loadCheckpoint(folder);
        expect(loaded?.warnings).toEqual([]);
        const state = restoreTrainState(loaded!.value.snapshot);
        await trainAndSave(state, lastStep, folder);
        state.dispose();
      }
      const resumed = filesIn(join(folder, 'step-00000012'));
      expect(resumed).toEqual(filesIn(join(root, 'whole', 'step-00000012')));
      expect(loadCheckpoint(folder)?.value.snapshot).toMatchObject({ step: 12, skipped: 1, skippedInRow: 0 });
      expect(tf.memory().numTensors).toBe(before);
      rmSync(root, { recursive: true });
    });
  },
  ['cpu', 'wasm'],
);
