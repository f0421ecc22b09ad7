import { jvp } from '@meanflow/jvp';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ditNetwork } from './dit';
import type { DiTOptions } from './dit';
import { initDiT } from './initialize';
import { countParameters } from './parameters';
import type { DiTConfig } from './config';

const batch = 8;
const config = (depth: number): DiTConfig => ({
  inputSize: 8,
  channels: 1,
  patchSize: 2,
  depth,
  hiddenSize: 32,
  numHeads: 4,
  numClasses: 10,
});

/** Peak bytes of a forward pass, of one with its derivative, and of a MeanFlow-like step, above what was there. */
async function peaks(
  depth: number,
  options: DiTOptions = {},
): Promise<{ forward: number; derivative: number; gradient: number; step: number }> {
  const start = tf.memory().numTensors;
  const weights = initDiT(config(depth), 0);
  const network = ditNetwork(config(depth), weights, options);
  const [z, v] = [tf.ones([batch, 8, 8, 1]), tf.ones([batch, 8, 8, 1])];
  const [r, t] = [tf.zeros<tf.Rank.R1>([batch]), tf.ones<tf.Rank.R1>([batch])];
  const y = tf.zeros<tf.Rank.R1>([batch], 'int32');
  const derivative = () => ({
    ...jvp((a: tf.Tensor, b: tf.Tensor1D) => network(a, r, b, y), [z, t], [v, t]),
  });
  const gradientOf = (loss: () => tf.Tensor) => {
    return () => tf.grads(() => loss())(Object.values(weights));
  };
  const peak = async (f: () => tf.TensorContainer) => {
    const before = tf.memory();
    const { peakBytes, result } = await tf.profile(() => tf.tidy(f));
    tf.dispose(result);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    return peakBytes - before.numBytes;
  };
  const found = {
    forward: await peak(() => network(z, r, t, y)),
    derivative: await peak(derivative),
    gradient: await peak(gradientOf(() => tf.square(tf.sub(network(z, r, t, y), v)))),
    step: await peak(
      gradientOf(() => {
        const { value, tangent } = derivative();
        return tf.square(tf.sub(value, tf.sub(v, tangent)));
      }),
    ),
  };
  tf.dispose([weights, z, v, r, t, y] as tf.TensorContainer);
  expect(tf.memory().numTensors).toBe(start);
  return found;
}

describeBackends('memory', () => {
  it('of a forward pass and of a derivative grows with depth by the tokens between blocks alone', async () => {
    const [shallow, deep] = [await peaks(1), await peaks(4)];
    const tokens = 3 * 4 * batch * 16 * 32; // bytes of [batch, 16, 32] for each further block
    expect(deep.forward - shallow.forward).toBeLessThanOrEqual(tokens);
    expect(deep.derivative - shallow.derivative).toBeLessThanOrEqual(2 * tokens);
  });
  it('of a derivative is that of value and tangent, and it adds that of one block to a gradient', async () => {
    const { forward, derivative, gradient, step } = await peaks(4);
    expect(derivative).toBeLessThan(2.3 * forward);
    expect(step).toBeLessThan(1.15 * gradient);
  });
  it('of a gradient grows by the tokens and the weights of a block where activations are computed again', async () => {
    const kept = await peaks(8);
    const [shallow, deep] = [await peaks(1, { recompute: true }), await peaks(8, { recompute: true })];
    const tokens = 4 * batch * 16 * 32; // bytes of [batch, 16, 32]
    const weights = (4 * (countParameters(config(8)) - countParameters(config(1)))) / 7;
    for (const pass of ['gradient', 'step'] as const) {
      expect(deep[pass] - shallow[pass]).toBeLessThanOrEqual(7 * (2 * tokens + weights));
      expect(deep[pass]).toBeLessThan(0.7 * kept[pass]); // most of it the one block that is computed again
    }
  });
});
