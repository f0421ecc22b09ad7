import { flowMatching, meanFlow } from '@meanflow/core';
import type { Objective } from '@meanflow/core';
import { ditNetwork, initDiT } from '@meanflow/dit';
import type { DiTConfig } from '@meanflow/dit';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs';
import { createTrainer } from './trainer';
import type { StepReport, TrainSettings } from './trainer';
import { createTrainState } from './trainState';
import type { TrainSnapshot, TrainState } from './trainState';

// A small training that compiled and eager runs of every backend are compared by.

export const numClasses = 3;
export const config: DiTConfig = {
  ...{ inputSize: 8, channels: 2, patchSize: 2, depth: 1, hiddenSize: 32, numHeads: 2 },
  numClasses,
};
export const [rows, sampleShape] = [8, [8, 8, 2]];

export type Settings = TrainSettings<ReturnType<typeof ditNetwork>> & { objective: Objective };

export function settingsOf(objective: Objective, more: Partial<Settings> = {}): Settings {
  const network = (weights: Record<string, tf.Tensor>) => ditNetwork(config, weights);
  return { objective, network, learningRate: 1e-3, emaDecay: 0.9, ...more };
}

export function start(): TrainState {
  const initial = initDiT(config, 1);
  const state = createTrainState(initial);
  tf.dispose(initial);
  return state;
}

/** Trains until a step on batches and draws that follow from it. */
export async function train(state: TrainState, settings: Settings, steps: number): Promise<StepReport[]> {
  const trainer = createTrainer(state, settings);
  const reports: StepReport[] = [];
  while (state.step < steps) {
    const { step } = state;
    const x = normals({ seed: 3, purpose: 'data', step }, rows * 8 * 8 * 2);
    const batch = { x, shape: [rows, ...sampleShape], y: Int32Array.from({ length: rows }, (_, i) => i % 3) };
    reports.push(await trainer.step(batch, settings.objective.draw(rows, sampleShape, { seed: 2, step })));
  }
  trainer.dispose();
  return reports;
}

export const bytesOf = ({ weights, ema, m, v }: TrainSnapshot): string[][] =>
  [weights, ema, m, v].map((part) =>
    Object.values(part).map(({ data }) => Buffer.from(data.buffer).toString('base64')),
  );

export const guidance = { omega: 1.5, kappa: 0.5 };
/** Every objective and every option that changes what a step computes. */
export const cases: Record<string, Settings> = {
  'flow matching': settingsOf(flowMatching({ numClasses })),
  MeanFlow: settingsOf(meanFlow({ numClasses })),
  'MeanFlow, du/dt for every row': settingsOf(meanFlow({ numClasses, times: { instantFraction: 0 } })),
  'MeanFlow with guidance': settingsOf(meanFlow({ numClasses, guidance })),
  'weight decay, clipping, warm-up and accumulation': settingsOf(meanFlow({ numClasses }), {
    adam: { weightDecay: 0.1 },
    clipNorm: 0.5,
    learningRate: { peak: 1e-3, warmupSteps: 5, decay: 'cosine', decaySteps: 60 },
    microBatches: 2,
    shards: 2,
  }),
  'recomputed blocks': settingsOf(meanFlow({ numClasses }), {
    network: (weights) => ditNetwork(config, weights, { recompute: true }),
  }),
};
