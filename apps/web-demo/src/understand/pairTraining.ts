import { flowMatching, meanFlow, timesFromDraws } from '@meanflow/core';
import type { Draws, Network, TimeSamplerOptions } from '@meanflow/core';
import { normals, uniforms } from '@meanflow/random';
import { createTrainer, createTrainState } from '@meanflow/train';
import type { LearningRateSchedule, TrainBatch, Trainer, TrainState, Weights } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs-core';
import { initPlane, planeNetwork } from './planeNetwork';
import type { PlaneConfig } from './planeNetwork';

/** How both networks are trained. */
export interface PairSettings {
  readonly network: PlaneConfig;
  readonly batchSize: number;
  readonly times: TimeSamplerOptions;
  /** Power of MeanFlow's adaptive weight; flow matching takes the plain squared error. */
  readonly power: number;
  readonly learningRate: LearningRateSchedule;
  readonly emaDecay: number;
}

/**
 * What the page trains with, chosen by trial on moons, spiral and checkerboard: times are uniform since one step
 * depends on both ends of the way; rates and averages are those that reach a right picture in the fewest steps. Other points begin the rate's course anew.
 */
export const pairSettings: PairSettings = {
  network: { hiddenSize: 128, depth: 4 },
  batchSize: 512,
  times: { distribution: 'uniform', instantFraction: 0.75 },
  power: 0.5,
  learningRate: { peak: 6e-3, warmupSteps: 10, decay: 'cosine', decaySteps: 1000, final: 4e-4 },
  emaDecay: 0.98,
};

/** Losses of one step, without weights. */
export interface PairLosses {
  /** Mean of |u - (v - (t - r) du/dt)|^2 over all rows. */
  readonly meanFlow: number;
  /** The same over the rows with r = t: flow matching's loss, for MeanFlow's network. */
  readonly meanFlowInstant: number;
  /** Mean of |u - v|^2, for flow matching's network. */
  readonly flowMatching: number;
}

/** Two networks that learn from the same draws: the same points, noise and times at every step. */
export interface PairTraining {
  /** Steps done. */
  readonly step: number;
  /** Networks over the averaged weights, which samples are drawn with. */
  readonly networks: { readonly meanFlow: Network; readonly flowMatching: Network };
  /** One step of both, one after the other. One at a time. */
  train(): Promise<PairLosses>;
  /** Goes on with other points: the networks keep what they know, the optimizers start anew. */
  choose(points: Float32Array): void;
  dispose(): void;
}

/** One of the two. */
interface Half {
  state: TrainState;
  trainer: Trainer;
}

/**
 * Starts both trainings from the same weights.
 *
 * @param points Data, [N, 2] row by row.
 * @param seed Of weights and draws.
 * @returns The caller disposes it.
 */
export function createPairTraining(
  points: Float32Array,
  seed: number,
  settings: PairSettings = pairSettings,
): PairTraining {
  const { network: config, batchSize, times, power, learningRate, emaDecay } = settings;
  const network = (weights: Weights) => planeNetwork(config, weights);
  const objectives = [
    meanFlow({ numClasses: 0, times, weighting: { p: power } }),
    flowMatching({ numClasses: 0, times }),
  ] as const;
  const start = (objective: (typeof objectives)[number], weights: Readonly<Weights>): Half => {
    const state = createTrainState(weights);
    return { state, trainer: createTrainer(state, { objective, network, learningRate, emaDecay }) };
  };
  const initial = initPlane(config, seed);
  let halves = objectives.map((objective) => start(objective, initial));
  tf.dispose(initial);
  let data = points;
  let step = 0;

  const disposeHalves = () => {
    for (const { trainer, state } of halves) {
      trainer.dispose();
      state.dispose();
    }
  };
  const averaged =
    (k: 0 | 1): Network =>
    (...args) => {
      const half = halves[k];
      if (half === undefined) throw new Error('internal: the training is disposed.');
      return network(half.state.ema)(...args);
    };
  const networks = { meanFlow: averaged(0), flowMatching: averaged(1) };

  return {
    get step() {
      return step;
    },
    networks,
    async train() {
      const { batch, draws } = drawPair(data, { seed, step }, batchSize, times);
      const reports = [];
      for (const { trainer } of halves) reports.push(await trainer.step(batch, draws));
      step += 1;
      const [mean, flow] = reports;
      return {
        meanFlow: mean?.logs['rawLoss'] ?? NaN,
        meanFlowInstant: mean?.logs['fmLoss'] ?? NaN,
        flowMatching: flow?.logs['rawLoss'] ?? NaN,
      };
    },
    choose(next) {
      data = next;
      const renewed = objectives.map((objective, k) => start(objective, halves[k]?.state.weights ?? {}));
      disposeHalves();
      halves = renewed;
    },
    dispose() {
      disposeHalves();
      halves = [];
    },
  };
}

/** The points, noise and times of a step, for both. */
function drawPair(
  points: Float32Array,
  key: { seed: number; step: number },
  rows: number,
  times: TimeSamplerOptions,
): { batch: TrainBatch; draws: Draws } {
  const picks = uniforms({ ...key, purpose: 'pick' }, rows);
  const x = new Float32Array(2 * rows);
  for (let i = 0; i < rows; i++) {
    const k = Math.floor(((picks[i] ?? 0) * points.length) / 2);
    x.set(points.subarray(2 * k, 2 * k + 2), 2 * i);
  }
  const draw = times.distribution === 'uniform' ? uniforms : normals;
  const raw = draw({ ...key, purpose: 'time' }, 2 * rows);
  const { t, r, instantRows } = timesFromDraws(raw.subarray(0, rows), raw.subarray(rows), times);
  const float = (shape: number[], data: Float32Array) => ({ shape, dtype: 'float32' as const, data });
  const arrays = {
    e: float([rows, 2], normals({ ...key, purpose: 'noise' }, 2 * rows)),
    t: float([rows], t),
    r: float([rows], r),
    drop: float([rows], new Float32Array(rows)),
  };
  return { batch: { x, shape: [rows, 2], y: null }, draws: { arrays, instantRows } };
}
