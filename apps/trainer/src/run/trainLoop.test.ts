import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRunDirectory } from '@meanflow/train/node';
import { buildModel, buildObjective, checkpointConfig, openState } from '@meanflow/train/run';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyAssignments, presetConfig, resolveConfig } from '../config/load';
import { loadData } from '../data/loadData';
import type { ProgressInfo } from '../output/progress';
import { picturesFor } from './pictures';
import { openRecorder } from './recorder';
import { trainLoop } from './trainLoop';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-loop-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Trains a tiny DiT for a while; `onStep` sees each step and may abort. */
async function trainTiny(name: string, onStep: (info: ProgressInfo, abort: () => void) => void) {
  const sets = [
    ...[
      'model={kind: dit, patchSize: 4, depth: 1, hiddenSize: 16, numHeads: 2}',
      'objective={kind: meanflow}',
      'batchSize=8',
      'steps=12',
    ],
    ...['log.every=2', 'sample={every: 3, count: 2}', 'checkpoint={every: 4, keep: 9}'],
  ];
  const config = resolveConfig(applyAssignments(presetConfig('digits'), sets));
  const data = await loadData(config.data);
  const { info } = data;
  const model = buildModel(config.model, info);
  const objective = buildObjective(config.objective, info.numClasses);
  const directory = openRunDirectory(join(folder, name));
  const recorder = openRecorder(directory, 0);
  const state = openState(model, null, config.seed);
  const controller = new AbortController();
  const abort = () => {
    controller.abort();
  };
  try {
    const picture = await trainLoop(
      {
        ...{ config, model, objective, state, recorder, paths: directory },
        source: await data.training(config.seed),
        pictures: picturesFor(data, config),
        carried: checkpointConfig(config, info),
        cores: 1,
        evaluation: null,
        assertHealthy: () => undefined,
        progress: { update: (step) => { onStep(step, abort); }, note: () => undefined, stop: () => undefined }, // prettier-ignore
      },
      controller.signal,
    );
    return {
      isFinished: picture !== null,
      checkpoints: readdirSync(directory.checkpoints),
      step: state.step,
    };
  } finally {
    recorder.close();
    state.dispose();
    directory.close();
  }
}

describeBackends('trainLoop', (backend) => {
  it('keeps no tensor from step to step, with pictures and checkpoints in between', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const { isFinished } = await trainTiny(`leak-${backend}`, () => counts.push(tf.memory().numTensors));
    expect(isFinished).toBe(true);
    expect(counts).toHaveLength(12);
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('finishes the step and saves when it is told to stop', async () => {
  const { isFinished, checkpoints, step } = await trainTiny('stop', (info, abort) => {
    if (info.step === 6) abort();
  });
  expect([isFinished, step]).toEqual([false, 6]);
  expect(checkpoints).toEqual(['step-00000004', 'step-00000006']);
});

it('saves once where the stop falls on a checkpoint', async () => {
  const { checkpoints } = await trainTiny('stop-at-4', (info, abort) => {
    if (info.step === 4) abort();
  });
  expect(checkpoints).toEqual(['step-00000004']);
});

it('tells of the unweighted loss, the rate and the time left', async () => {
  const steps: ProgressInfo[] = [];
  await trainTiny('progress', (info) => steps.push(info));
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(steps[0]?.loss).toBeGreaterThan(20); // the weighted one is about 1
  expect(steps[0]?.secondsLeft).toBeGreaterThan(0);
  expect(steps[11]?.secondsLeft).toBe(0);
  expect(steps[11]?.imagesPerSecond).toBeGreaterThan(0);
});
