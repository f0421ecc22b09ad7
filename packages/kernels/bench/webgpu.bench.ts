import { absentWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { bench, describe } from 'vitest';
import { selfAttention } from '../src/attention';
import { layerNormModulate } from '../src/layerNorm';
import { linear } from '../src/linear';
import { matrixProduct } from '../src/matrixProduct';
import { withoutWebgpuKernels } from '../src/webgpu/runtime';

// Our kernels on webgpu beside the same operations of tfjs, at the sizes of a block of width 256 with 16 x 64 tokens.

const [batch, tokens, width, heads] = [16, 64, 256, 4];

/** A tensor that stays; made when it is first used, as the backend has to be active by then. */
const lazily = (shape: number[]) => {
  let tensor: tf.Tensor | null = null;
  return () => (tensor ??= tf.keep(tf.randomNormal(shape, 0, 1, 'float32', 1)));
};
const [x, rows, kernel, bias, qkv] = [
  lazily([batch, tokens, width]),
  lazily([batch, width]),
  lazily([width, width]),
  lazily([width]),
  lazily([batch, tokens, 3 * width]),
];
const flat = () => tf.reshape<tf.Rank.R2>(x(), [batch * tokens, width]);

const operations: Record<string, () => tf.Tensor> = {
  'x W + b': () => linear(x(), kernel(), bias()),
  "x W'": () => matrixProduct(flat(), kernel() as tf.Tensor2D, { transposeB: true }),
  "x' x": () => matrixProduct(flat(), flat(), { transposeA: true }),
  attention: () => selfAttention(qkv(), heads),
  'attention, gradient': () => tf.grad((a: tf.Tensor) => selfAttention(a, heads))(qkv()),
  'LayerNorm and modulation': () => layerNormModulate(x(), rows(), rows()),
  'LayerNorm and modulation, gradient': () =>
    tf.grad((a: tf.Tensor) => layerNormModulate(a, rows(), rows()))(x()),
};

/** Computes it and waits for the device. */
async function finished(f: () => tf.Tensor): Promise<void> {
  const y = tf.tidy(() => tf.slice(tf.reshape(f(), [-1]), 0, 1));
  await y.data();
  y.dispose();
}

describe.skipIf(absentWebgpu !== null)(
  `on webgpu${absentWebgpu === null ? '' : ` (${absentWebgpu})`}`,
  () => {
    const settings = { time: 1000, iterations: 3, warmupTime: 0, warmupIterations: 1 };
    const setup = async () => {
      await tf.setBackend('webgpu');
    };
    for (const [name, operation] of Object.entries(operations)) {
      describe(name, () => {
        bench('ours', () => finished(operation), { ...settings, setup });
        bench(
          'operations of tfjs',
          () => finished(() => withoutWebgpuKernels(operation)),
          { ...settings, setup }, // prettier-ignore
        );
      });
    }
  },
);
