import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createTrainState, restoreTrainState, snapshotTrainState } from './trainState';
import type { TrainSnapshot } from './trainState';

const tensor = (...values: number[]) => ({ shape: [values.length], data: new Float32Array(values) });

describeBackends('a training state', () => {
  it('starts with the average at the weights and moments of zero', async () => {
    const initial = { w: tf.tensor1d([1, -2]) };
    const state = createTrainState(initial);
    tf.dispose(initial);
    const { weights, ema, m, v, ...counts } = await snapshotTrainState(state);
    expect([weights, ema]).toEqual([{ w: tensor(1, -2) }, { w: tensor(1, -2) }]);
    expect([m, v]).toEqual([{ w: tensor(0, 0) }, { w: tensor(0, 0) }]);
    expect(counts).toEqual({ step: 0, skipped: 0, skippedInRow: 0 });
    state.dispose();
  });

  it('keeps its average when a weight is assigned', () => {
    const state = createTrainState({ w: tf.tensor1d([1]) });
    tf.tidy(() => state.weights['w']?.assign(tf.tensor1d([5])));
    expect(state.weights['w']?.dataSync()[0]).toBe(5);
    expect(state.ema['w']?.dataSync()[0]).toBe(1);
    state.dispose();
  });

  it('comes back from a snapshot in every part', async () => {
    const snapshot: TrainSnapshot = {
      weights: { w: tensor(1, 2) },
      ema: { w: tensor(3, 4) },
      m: { w: tensor(5, 6) },
      v: { w: tensor(7, 8) },
      step: 9,
      skipped: 2,
      skippedInRow: 1,
    };
    const state = restoreTrainState(snapshot);
    expect(await snapshotTrainState(state)).toEqual(snapshot);
    state.dispose();
  });

  it('lives beside another one, and dispose leaves no tensor behind', () => {
    const before = tf.memory().numTensors;
    const initial = { w: tf.tensor1d([1, -2]), b: tf.scalar(0) };
    const states = [createTrainState(initial), createTrainState(initial)];
    expect(tf.memory().numTensors).toBe(before + 2 + 2 * 4 * 2);
    tf.dispose(initial);
    for (const state of states) state.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('errors', () => {
  it('names what a state cannot be made of', () => {
    expect(() => createTrainState({})).toThrow(
      'createTrainState: initial must hold at least one weight, got none.',
    );
    const labels = tf.tensor1d([1], 'int32');
    expect(() => createTrainState({ labels })).toThrow(
      'createTrainState: labels must be float32, got int32.',
    );
  });

  it('names the part of a snapshot that does not fit', () => {
    const [weights, counts] = [{ w: tensor(1) }, { step: 0, skipped: 0, skippedInRow: 0 }];
    const broken = { weights, ema: weights, m: weights, v: {}, ...counts };
    expect(() => restoreTrainState(broken)).toThrow(
      /the snapshot's v must hold the weights of this model, but it lacks w/,
    );
  });
});
