import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { registerCompiler } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import { webgpuCompiler } from '@meanflow/compile/webgpu';
import { meanFlow } from '@meanflow/core';
import { ditNetwork, initDiT } from '@meanflow/dit';
import type { DiTConfig } from '@meanflow/dit';
import { describeBackends } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
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

setFlagsFromString('--expose-gc');
/** What a device's objects hold outside of the heap is freed with them, which can wait for long without this. */
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the backend's buffers, those that wait for reuse included; 0 on backends that do not say. */
function bytesOnDevice(): number {
  const { numBytesAllocatedInGPU = 0 } = tf.memory() as { numBytesAllocatedInGPU?: number };
  return numBytesAllocatedInGPU;
}

/**
 * @param growth Share by which the process may grow after the first hundreds of steps.
 */
function keepsItsMemory(modes: readonly string[], growth = 0.05): void {
  it.each(modes)('of a training that is %s keep their memory', async (mode) => {
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
    const [tensors, onDevice]: [number[], number[]] = [[], []];
    const resident: number[] = [];
    for (let step = 0; step < steps; step++) {
      await trainer.step(batch, objective.draw(16, [8, 8, 1], { seed: 1, step }));
      if (step % 100 !== 99) continue;
      collectGarbage();
      tensors.push(tf.memory().numTensors);
      onDevice.push(bytesOnDevice());
      resident.push(process.memoryUsage().rss / MEBI);
    }
    expect(new Set(tensors).size).toBe(1);
    expect(new Set(onDevice).size).toBe(1);
    // The first hundreds fill the pools of the allocators; from then on it is flat within noise.
    const [early, late] = [Math.max(...resident.slice(2, 5)), Math.max(...resident.slice(7))];
    expect(late - early).toBeLessThan(growth * early);
    trainer.dispose();
    state.dispose();
  });
}

describeBackends(
  'a thousand steps',
  (backend) => {
    keepsItsMemory(backend === 'tensorflow' ? ['compiled', 'eager'] : ['eager']);
  },
  ['wasm', 'tensorflow'],
);
describeWebgpu('a thousand steps', () => {
  registerCompiler(webgpuCompiler);
  // A driver that computes on the CPU fills caches of its own for about 1,500 steps; 1,500 more were flat.
  keepsItsMemory(['compiled', 'eager'], 0.15);
});
