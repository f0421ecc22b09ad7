import { normals } from '@meanflow/random';
import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { plainAttention } from '../attention.testdata';
import { geluLinear } from '../geluLinear';
import { selfAttention } from '../attention';
import { layerNormModulate } from '../layerNorm';
import { linear } from '../linear';
import { useWasmKernels } from './runtime';

const drawn = (shape: number[], seed: number) =>
  tf.tensor(normals({ seed, purpose: 'fallback' }, tf.util.sizeFromShape(shape)), shape);

describeBackends(
  'without a module of our own',
  () => {
    beforeAll(() => {
      // As in an engine without SIMD. What was refused once is not tried again.
      vi.spyOn(WebAssembly, 'Module').mockImplementation(() => {
        throw new WebAssembly.CompileError('no SIMD');
      });
      expect(useWasmKernels()).toBe(false);
    });
    afterAll(() => {
      vi.restoreAllMocks();
    });

    it('has the same operations, made of those of tfjs', () => {
      tf.tidy(() => {
        const [x, rows, kernel, bias] = [
          drawn([2, 4, 12], 1),
          drawn([2, 12], 2),
          drawn([12, 8], 3),
          drawn([8], 4),
        ];
        const product = tf.matMul(tf.reshape(x, [8, 12]), kernel);
        expectClose(linear(x, kernel, bias), tf.reshape(tf.add(product, bias), [2, 4, 8]), 1e-5);
        const [q, k, v] = tf.split(x, 3, 2) as [tf.Tensor, tf.Tensor, tf.Tensor];
        expectClose(selfAttention(x, 2), plainAttention(q, k, v, 2), 1e-5);
        for (const f of [
          () => geluLinear(x, kernel, bias),
          () => layerNormModulate(x, rows, rows),
          () => tf.grad((a: tf.Tensor) => geluLinear(layerNormModulate(a, rows, rows), kernel, bias))(x),
        ]) {
          expect(f().dataSync().every(Number.isFinite)).toBe(true);
        }
      });
    });
  },
  ['wasm'],
);
