import type { Draws, DrawTensors, Objective } from '@meanflow/core';
import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it, vi } from 'vitest';
import { createTrainState, snapshotTrainState } from './trainState';
import type { TrainState } from './trainState';
import type { TrainBatch } from './batchParts';
import type { TrainSettings } from './trainer';
import { trainStep } from './trainStep.testdata';

type Line = (x: tf.Tensor) => tf.Tensor;
type RowKind = 'leading' | 'other';

/** Least squares of a line against the draw `e`; rows with r = t weigh 3. It expects those to lead. */
const leastSquares: Pick<Objective<Line>, 'loss'> = {
  loss(network: Line, x: tf.Tensor, y: tf.Tensor1D | null, { tensors, instantRows }: DrawTensors) {
    const kinds = [...tensors['instant']!.dataSync()].map((k): RowKind => (k === 1 ? 'leading' : 'other'));
    expect(kinds.slice(0, instantRows).every((kind) => kind === 'leading')).toBe(true);
    expect(kinds.slice(instantRows).every((kind) => kind === 'other')).toBe(true);
    const error = tf.square(tf.sub(tf.sub(network(x), tensors['e']!), y ?? 0));
    const weight = tf.add(1, tf.mul(2, tensors['instant']!));
    return { loss: tf.mean(tf.mul(weight, error)), logs: { error: tf.mean(error), offset: tf.scalar(2) } };
  },
};
const line = (weights: Record<string, tf.Tensor>): Line => {
  const { slope, bias } = weights as { slope: tf.Tensor; bias: tf.Tensor };
  return (x) => tf.add(tf.mul(tf.reshape(x, [-1]), slope), bias);
};
const settings: TrainSettings<Line> = { objective: leastSquares, network: line, learningRate: 0.01 };

const x = new Float32Array([1, -2, 0.5, 3, -1, 2, 0.25, -1.5]);
const batch: TrainBatch = { x, shape: [8, 1], y: null };
const rows = (data: Float32Array) => ({ shape: [8], dtype: 'float32' as const, data });
const draws: Draws = {
  arrays: {
    e: rows(Float32Array.from(x, (v) => 2 * v - 1)),
    instant: rows(new Float32Array([1, 1, 1, 1, 0, 0, 0, 0])),
  },
  instantRows: 4,
};
const drawsWith = (e: number): Draws => ({
  ...draws,
  arrays: { ...draws.arrays, e: rows(new Float32Array(8).fill(e)) },
});

const startAt = (slope: number, bias: number): TrainState => {
  const initial = { slope: tf.scalar(slope), bias: tf.scalar(bias), unused: tf.tensor1d([7]) };
  const state = createTrainState(initial);
  tf.dispose(initial);
  return state;
};
const value = (variables: Record<string, tf.Variable>, name: string) => variables[name]?.dataSync()[0] ?? NaN;

describeBackends('a training step', () => {
  it('moves every weight against its gradient by the learning rate, and the average after it', async () => {
    const state = startAt(0, 0);
    const report = await trainStep(state, batch, draws, { ...settings, emaDecay: 0.75 });
    // d loss / d slope < 0 and d loss / d bias > 0 at the origin, since e = 2 x - 1; Adam's first step has length lr.
    expect([value(state.weights, 'slope'), value(state.weights, 'bias')].map((w) => w.toFixed(6))).toEqual([
      '0.010000',
      '-0.010000',
    ]);
    expect(value(state.ema, 'slope')).toBeCloseTo(0.25 * 0.01, 7);
    expect(value(state.weights, 'unused')).toBe(7);

    const weightOf = (i: number) => (i < 4 ? 3 : 1);
    const e = Array.from(x, (v) => 2 * v - 1);
    const mean = (f: (i: number) => number) => e.reduce((sum, _, i) => sum + f(i), 0) / 8;
    const slope = mean((i) => -2 * weightOf(i) * (e[i] ?? 0) * (x[i] ?? 0));
    const bias = mean((i) => -2 * weightOf(i) * (e[i] ?? 0));
    expect(report).toMatchObject({ step: 1, lr: 0.01, skipped: false, logs: { offset: 2 } });
    expect(report.loss).toBeCloseTo(
      mean((i) => weightOf(i) * (e[i] ?? 0) ** 2),
      4,
    );
    expect(report.logs['error']).toBeCloseTo(
      mean((i) => (e[i] ?? 0) ** 2),
      4,
    );
    expect(report.gradNorm).toBeCloseTo(Math.hypot(slope, bias), 4);
    state.dispose();
  });

  it('learns', async () => {
    const state = startAt(0, 0);
    for (let step = 0; step < 300; step++)
      await trainStep(state, batch, draws, { ...settings, learningRate: 0.05 });
    expect(value(state.weights, 'slope')).toBeCloseTo(2, 2);
    expect(value(state.weights, 'bias')).toBeCloseTo(-1, 2);
    state.dispose();
  });

  it('uses labels, follows the schedule and decays weights', async () => {
    const state = startAt(5, 5);
    const labelled = { ...batch, y: Int32Array.from(x, () => 3) };
    const learningRate = { peak: 0.1, warmupSteps: 10 };
    const first = await trainStep(state, labelled, draws, {
      ...settings,
      learningRate,
      adam: { weightDecay: 0.5 },
    });
    expect(first.lr).toBe(0);
    expect(value(state.weights, 'bias')).toBe(5);
    const second = await trainStep(state, labelled, draws, {
      ...settings,
      learningRate,
      adam: { weightDecay: 0.5 },
    });
    expect(second.lr).toBeCloseTo(0.01, 9);
    expect(value(state.weights, 'unused')).toBeCloseTo(7 - 0.01 * 0.5 * 7, 5);
    const label = await trainStep(state, batch, draws, settings);
    expect(label.loss).not.toBeCloseTo(second.loss, 2);
    state.dispose();
  });

  it.each([
    [2, 1],
    [4, 1],
    [8, 1],
    [1, 2],
    [2, 4],
  ])('gives the same with %d micro-batches of %d shards as with one', async (microBatches, shards) => {
    const [whole, split] = [startAt(0.3, 0.2), startAt(0.3, 0.2)];
    const inOne = await trainStep(whole, batch, draws, settings);
    const inParts = await trainStep(split, batch, draws, { ...settings, microBatches, shards });
    expectClose(
      [inParts.loss, inParts.gradNorm, inParts.logs['error'] ?? NaN],
      [inOne.loss, inOne.gradNorm, inOne.logs['error'] ?? NaN],
      1e-6,
    );
    const [a, b] = [await snapshotTrainState(whole), await snapshotTrainState(split)];
    for (const name of ['slope', 'bias', 'unused']) {
      expectClose(b.m[name]?.data ?? [], a.m[name]?.data ?? [], 1e-6);
      expectClose(b.v[name]?.data ?? [], a.v[name]?.data ?? [], 1e-6);
      expectClose(b.weights[name]?.data ?? [], a.weights[name]?.data ?? [], 1e-6);
    }
    whole.dispose();
    split.dispose();
  });

  it('clips the gradient that Adam sees, and reports the norm before', async () => {
    const [free, clipped] = [startAt(0, 0), startAt(0, 0)];
    const { gradNorm } = await trainStep(free, batch, draws, settings);
    const report = await trainStep(clipped, batch, draws, { ...settings, clipNorm: gradNorm / 8 });
    expect(report.gradNorm).toBe(gradNorm);
    expect(value(clipped.m, 'bias')).toBeCloseTo(value(free.m, 'bias') / 8, 6);
    expect(value(clipped.v, 'bias')).toBeCloseTo(value(free.v, 'bias') / 64, 6);
    free.dispose();
    clipped.dispose();
  });

  it('skips a step that is not finite, counts it and changes nothing else', async () => {
    const state = startAt(0.5, 0.5);
    await trainStep(state, batch, draws, settings);
    const before = await snapshotTrainState(state);
    const report = await trainStep(state, batch, drawsWith(NaN), settings);
    expect(report).toMatchObject({ step: 2, skipped: true, loss: NaN });
    expect(await snapshotTrainState(state)).toEqual({ ...before, step: 2, skipped: 1, skippedInRow: 1 });
    // The loss is about 1e36 and finite, the gradient about 1e20 and its square beyond float32.
    const steep = await trainStep(state, { ...batch, x: x.map((v) => 100 * v) }, drawsWith(1e18), settings);
    expect(steep).toMatchObject({ skipped: true, gradNorm: Infinity });
    expect(steep.loss).toBeLessThan(1e38);
    await trainStep(state, batch, draws, settings);
    expect(state).toMatchObject({ step: 4, skipped: 2, skippedInRow: 0 });
    state.dispose();
  });

  it('corrects the bias by the updates done, not by the steps', async () => {
    const [skipping, other] = [startAt(0, 0), startAt(0, 0)];
    await trainStep(skipping, batch, drawsWith(NaN), settings);
    for (const state of [skipping, other]) await trainStep(state, batch, draws, settings);
    expect((await snapshotTrainState(skipping)).weights).toEqual((await snapshotTrainState(other)).weights);
    skipping.dispose();
    other.dispose();
  });

  it('stops after maxSkips skipped steps in a row, saying at which step and what to try', async () => {
    const state = startAt(0, 0);
    const bad = drawsWith(Infinity);
    for (const sample of [bad, bad, draws, bad, bad])
      await trainStep(state, batch, sample, { ...settings, maxSkips: 3 });
    await expect(trainStep(state, batch, bad, { ...settings, maxSkips: 3 })).rejects.toThrow(
      /^train: loss and gradient must be finite, but for 3 steps in a row, up to step 6, they were not: loss Infinity, .*lower learningRate/,
    );
    expect(value(state.weights, 'slope')).toBeCloseTo(0.01, 5);
    state.dispose();
  });

  it('waits for the device once a step', async () => {
    const state = startAt(0, 0);
    const read = vi.spyOn(tf.Tensor.prototype, 'data');
    await trainStep(state, batch, draws, { ...settings, microBatches: 2, clipNorm: 1 });
    expect(read).toHaveBeenCalledTimes(1);
    read.mockRestore();
    state.dispose();
  });

  it('leaves no tensor behind, updated, skipped, in parts, stopped or refused', async () => {
    const before = tf.memory().numTensors;
    const state = startAt(0, 0);
    const owned = tf.memory().numTensors;
    await trainStep(state, batch, draws, { ...settings, clipNorm: 1, adam: { weightDecay: 0.1 } });
    await trainStep(state, batch, draws, { ...settings, microBatches: 4 });
    await trainStep(state, batch, drawsWith(NaN), settings);
    await expect(trainStep(state, batch, drawsWith(NaN), { ...settings, maxSkips: 2 })).rejects.toThrow(
      'in a row',
    );
    await expect(trainStep(state, batch, draws, { ...settings, microBatches: 3 })).rejects.toThrow(
      'microBatches',
    );
    const broken = {
      ...leastSquares,
      loss: () => {
        throw new Error('no rule');
      },
    };
    await expect(trainStep(state, batch, draws, { ...settings, objective: broken })).rejects.toThrow(
      'no rule',
    );
    await expect(trainStep(state, batch, draws, { ...settings, emaDecay: 2 })).rejects.toThrow(
      'adamNumbers: emaDecay must be in [0, 1], got 2.',
    );
    expect(tf.memory().numTensors).toBe(owned);
    state.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a training step refuses', () => {
  it.each<[string, Partial<TrainBatch>, Partial<TrainSettings<Line>>, RegExp]>([
    [
      'a batch of another size',
      { x: x.subarray(1) },
      {},
      /batch\.x must have 8 values by its shape, at least one, got 7/,
    ],
    [
      'too few labels',
      { y: new Int32Array(7) },
      {},
      /batch\.y must have one label for each of 8 samples, got 7/,
    ],
    [
      'draws for another batch',
      { x: x.subarray(4), shape: [4, 1] },
      {},
      /draws of e must have 4 rows like the batch, got 8/,
    ],
    [
      'parts that do not divide it',
      {},
      { microBatches: 3 },
      /microBatches must divide the batch of 8, got 3\. It counts parts/,
    ],
    ['no part', {}, { microBatches: 0 }, /microBatches must divide the batch of 8, got 0/],
    ['too many shards', {}, { microBatches: 2, shards: 3 }, /shards must divide the micro-batch of 4, got 3/],
    ['no patience', {}, { maxSkips: 0 }, /maxSkips must be at least 1, got 0/],
  ])('%s', async (_what, wrongBatch, wrongSettings, message) => {
    const step = trainStep(startAt(0, 0), { ...batch, ...wrongBatch }, draws, {
      ...settings,
      ...wrongSettings,
    });
    await expect(step).rejects.toThrow(message);
  });
});
