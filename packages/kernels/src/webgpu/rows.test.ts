import { jvp } from '@meanflow/jvp';
import { expectClose } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { layerNormModulate } from '../layerNorm';
import { drawn } from './cases.testdata';
import {
  webgpuLayerNormModulate,
  webgpuLayerNormModulatePullBack,
  webgpuLayerNormModulatePush,
  webgpuSumOverTokens,
} from './rows';

// A software adapter has a thread for each token; what GPUs do, where threads share a token, is run here by itself.

const plan = { rows: 4, lanes: 16 };

/** The results on the cpu backend. */
async function onCpu(f: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend('cpu');
  const values = tf.tidy(() => f().map((tensor) => tensor.dataSync<'float32'>()));
  await tf.setBackend('webgpu');
  return values;
}

describeWebgpu('tokens of several threads', () => {
  const size = (tokens: number, width: number) => ({ tokens, width });
  // More than one workgroup, no multiple of 4, more than one chunk.
  describe.each([size(7, 132), size(5, 9), size(300, 8)])('$tokens tokens of $width', ({ tokens, width }) => {
    const [all, row] = [[2, tokens, width], [2, width]]; // prettier-ignore
    const inputs = () => [drawn(all, 1), drawn(row, 2), drawn(row, 3)] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const directions = () => [drawn(all, 4), drawn(row, 5), drawn(row, 6)] as [tf.Tensor, tf.Tensor, tf.Tensor]; // prettier-ignore
    const dy = () => drawn(all, 7);
    const passes: Record<string, [ours: () => tf.Tensor[], definition: () => tf.Tensor[]]> = {
      value: [
        () => {
          const [x, shift, scale] = inputs();
          return webgpuLayerNormModulate({ x, shift, scale }, { plan });
        },
        () => [layerNormModulate(...inputs())],
      ],
      tangent: [
        () => {
          const [[x, , scale], [dx, dShift, dScale]] = [inputs(), directions()];
          return webgpuLayerNormModulatePush({ x, scale, dx, dShift, dScale }, { plan });
        },
        () => [jvp(layerNormModulate, inputs(), directions()).tangent],
      ],
      gradient: [
        () => {
          const [x, , scale] = inputs();
          return webgpuLayerNormModulatePullBack({ x, scale, dy: dy() }, { plan });
        },
        () => tf.grads(layerNormModulate)(inputs(), dy()),
      ],
      sum: [() => webgpuSumOverTokens({ x: dy() }, { groups: 4 }), () => [tf.sum(dy(), 1)]],
    };
    it.each(Object.entries(passes))('have the %s of the formula', async (_, [ours, definition]) => {
      const results = tf.tidy(ours);
      const expected = await onCpu(definition);
      for (const [i, result] of results.entries()) expectClose(await result.data(), expected[i]!, 5e-6);
      tf.dispose(results);
    });
  });
});
