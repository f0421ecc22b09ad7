import { flowMatching, meanFlow } from '@meanflow/core';
import type { Objective } from '@meanflow/core';
import { ditNetwork, initDiT } from '@meanflow/dit';
import type { DiTConfig } from '@meanflow/dit';
import { absentBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { bench, describe } from 'vitest';
import { createTrainState } from '../src/trainState';
import type { TrainState } from '../src/trainState';
import { createTrainer } from '../src/trainer';
import type { Trainer } from '../src/trainer';

// One training step, Adam and EMA included: flow matching, MeanFlow with the derivative for the rows with r < t only
// (a quarter), and MeanFlow with the derivative for every row, as the published code computes it.

/** Width 256, depth 6, 64 tokens of 48 numbers. */
const config: DiTConfig = {
  inputSize: 32,
  channels: 3,
  patchSize: 4,
  depth: 6,
  hiddenSize: 256,
  numHeads: 4,
  numClasses: 10,
};
const batch = 32;

const meanFlowObjective = meanFlow({ numClasses: 10 });
const objectives: Record<string, Objective> = {
  'flow matching': flowMatching({ numClasses: 10 }),
  'MeanFlow, du/dt where r < t': meanFlowObjective,
  'MeanFlow, du/dt everywhere': {
    ...meanFlowObjective,
    draw: (...args) => ({ ...meanFlowObjective.draw(...args), instantRows: 0 }),
  },
};

const shape = [batch, config.inputSize as number, config.inputSize as number, config.channels];
const x = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
const y = Int32Array.from({ length: batch }, (_, i) => i % 10);

for (const backend of ['wasm', 'tensorflow'] as const) {
  const absent = absentBackends[backend];
  describe.skipIf(absent !== undefined)(
    `a step on ${backend}${absent === undefined ? '' : ` (${absent})`}`,
    () => {
      let state: TrainState;
      let trainer: Trainer;
      for (const [name, objective] of Object.entries(objectives)) {
        const settings = {
          objective,
          network: (weights: Record<string, tf.Tensor>) => ditNetwork(config, weights),
          learningRate: 1e-4,
        };
        const setup = async () => {
          await tf.setBackend(backend);
          const initial = initDiT(config, 0);
          state = createTrainState(initial);
          tf.dispose(initial);
          trainer = createTrainer(state, settings);
        };
        const step = async () => {
          const draws = objective.draw(batch, shape.slice(1), { seed: 0, step: state.step });
          await trainer.step({ x, shape, y }, draws);
        };
        const teardown = () => {
          trainer.dispose();
          state.dispose();
        };
        bench(name, step, { setup, teardown, time: 0, iterations: 5, warmupTime: 0, warmupIterations: 1 });
      }
    },
  );
}
