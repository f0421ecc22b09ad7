import { describeBackends, expectClose, golden, goldenTolerance } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gelu } from './gelu';
import { layerNorm } from './layerNorm';
import { silu } from './silu';

const file = golden(import.meta.url, 'norms_activations.safetensors');

describeBackends('norms and activations of the published code', (backend) => {
  const within = goldenTolerance[backend];

  it.each([
    ['gelu', gelu],
    ['silu', silu],
  ])('%s', (name, activation) => {
    tf.tidy(() => {
      expectClose(activation(file.tensor('in/a')), file.data(`out/${name}`), within);
    });
  });
  it('layerNorm, group by group: the rows are of size 1e-4, 1e-3, 1e-2, 1 and 30', () => {
    tf.tidy(() => {
      const y = layerNorm(file.tensor('in/x')).dataSync();
      const expected = file.data('out/layer_norm');
      const group = expected.length / 5;
      for (let i = 0; i < 5; i++) {
        const part = [i * group, (i + 1) * group] as const;
        expectClose(y.slice(...part), expected.slice(...part), within);
      }
    });
  });
  it('gelu and its slope stay finite far from zero', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([-1e4, -30, 30, 1e4]);
      expect([...gelu(x).dataSync()]).toEqual([-0, -0, 30, 1e4]);
      expectClose(tf.grad((a) => gelu(a))(x), [0, 0, 1, 1], 0);
    });
  });
});
