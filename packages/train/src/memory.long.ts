import { registerCompiler } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import { meanFlow } from '@meanflow/core';
import { ditNetwork, initDiT } from '@meanflow/dit';
import type { DiTConfig } from '@meanflow/dit';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { createTrainer } from './trainer';
import { createTrainState } from './trainState';

registerCompiler(tensorflowCompiler);

const config: DiTConfig = {
  ...{ inputSize: 8, channels: 1, patchSize: 2, depth: 2, hiddenSize: 64, numHeads: 2 },
  numClasses: 10,
};
const steps = 1000;
const MEBI = 2 ** 20;

describeBackends(
  'a thousand steps',
  (backend) => {
    it.each(backend === 'tensorflow' ? ['compiled', 'eager'] : ['eager'])(
      'of a training that is %s keep their memory',
      async (mode) => {
        const objective = meanFlow({ numClasses: 10, guidance: { omega: 2, kappa: 0.5 } });
        const initial = initDiT(config, 1);
        const state = createTrainState(initial);
        tf.dispose(initial);
        const trainer = createTrainer(state, {
          objective,
          network: (weights) => ditNetwork(config, weights),
          learningRate: 1e-3,
          clipNorm: 1,
          compile: { eager: mode === 'eager' },
        });
        const batch = { x: new Float32Array(16 * 64).fill(0.5), shape: [16, 8, 8, 1], y: new Int32Array(16) };
        const tensors: number[] = [];
        const resident: number[] = [];
        for (let step = 0; step < steps; step++) {
          await trainer.step(batch, objective.draw(16, [8, 8, 1], { seed: 1, step }));
          if (step % 100 !== 99) continue;
          global.gc?.();
          tensors.push(tf.memory().numTensors);
          resident.push(process.memoryUsage().rss / MEBI);
        }
        expect(new Set(tensors).size).toBe(1);
        // The first hundreds fill the pools of the allocators; from then on it is flat within noise.
        const [early, late] = [Math.max(...resident.slice(2, 5)), Math.max(...resident.slice(7))];
        expect(late - early).toBeLessThan(0.05 * early);
        trainer.dispose();
        state.dispose();
      },
    );
  },
  ['wasm', 'tensorflow'],
);
