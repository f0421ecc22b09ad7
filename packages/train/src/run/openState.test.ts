import { describeBackends, expectNoLeakAsync } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint';
import type { CheckpointFileName } from '../checkpoint';
import { createTrainer } from '../trainer';
import { snapshotTrainState } from '../trainState';
import type { TrainSnapshot } from '../trainState';
import { buildModel, countWeights } from './model';
import { buildObjective } from './objective';
import { openState } from './openState';
import { digitsInfo, digitsRun } from './runConfig.testdata';
import { stepInputs, trainSettings } from './trainSettings';

const model = buildModel(digitsRun.model, digitsInfo);
const objective = buildObjective(digitsRun.objective, digitsInfo.numClasses);

/** A batch that depends on the step. */
function batchAt(step: number) {
  const x = Float32Array.from({ length: 16 * 64 }, (_, i) => Math.sin(i * (step + 1)));
  return { x, shape: [16, 8, 8, 1], y: Int32Array.from({ length: 16 }, (_, i) => i % 10) };
}

/** Trains from a snapshot (null: anew) for so many steps. */
async function train(snapshot: TrainSnapshot | null, steps: number): Promise<TrainSnapshot> {
  const state = openState(model, snapshot === null ? null : { snapshot }, digitsRun.seed);
  const trainer = createTrainer(state, trainSettings(digitsRun, model, objective));
  try {
    for (let i = 0; i < steps; i++) {
      const { batch, draws } = stepInputs(batchAt(state.step), digitsInfo, objective, digitsRun, state.step);
      await trainer.step(batch, draws);
    }
    return await snapshotTrainState(state);
  } finally {
    trainer.dispose();
    state.dispose();
  }
}

describeBackends('a run of a configuration', () => {
  it('goes on exactly through the bytes of a checkpoint, and leaves no tensor behind', () =>
    expectNoLeakAsync(async () => {
      const whole = await train(null, 4);
      const half = await train(null, 2);
      const files = new Map<CheckpointFileName, Uint8Array>(
        encodeCheckpoint({ snapshot: half, seed: digitsRun.seed, data: null, config: null }),
      );
      const { snapshot } = decodeCheckpoint('the half', (name) => files.get(name) ?? new Uint8Array());
      expect(await train(snapshot, 2)).toEqual(whole);
    }));
});

it('refuses a checkpoint of another model', async () => {
  await tf.setBackend('cpu');
  const snapshot = await train(null, 0);
  const deeper = buildModel({ ...digitsRun.model, depth: 2 }, digitsInfo);
  expect(() => openState(deeper, { snapshot }, 0)).toThrow(/the checkpoint must hold the weights/);
  expect(countWeights(deeper)).toBeGreaterThan(countWeights(model));
});

it('refuses models and objectives that do not fit the data', () => {
  const points = { ...digitsInfo, name: 'moons', sampleShape: [2] };
  expect(() => buildModel(digitsRun.model, points)).toThrow(
    'buildModel: model.kind must be mlp for the points of moons, got dit.',
  );
  expect(() => buildModel({ kind: 'mlp', depth: 1, hiddenSize: 4 }, digitsInfo)).toThrow(
    'buildModel: model.kind must be dit for the images of digits, got mlp.',
  );
  const odd = { ...digitsInfo, sampleShape: [9, 8, 1] };
  expect(() => buildModel(digitsRun.model, odd)).toThrow('must divide the images of 9 x 8, got 2.');
  expect(() => buildObjective(digitsRun.objective, 0)).toThrow('must be null for data without labels');
});
