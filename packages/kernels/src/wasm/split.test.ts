import { describeBackends, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useWasmKernels } from './runtime';

describeBackends(
  'tf.split with our copies',
  () => {
    const numbers = (dtype: 'float32' | 'int32') => tf.reshape(tf.range(0, 2 * 12 * 5, 1, dtype), [2, 12, 5]);

    it.each(['float32', 'int32'] as const)('gives the parts that slices give, of %s numbers', (dtype) => {
      expect(useWasmKernels()).toBe(true); // which puts it in place
      tf.tidy(() => {
        const x = numbers(dtype);
        for (const [sizes, axis] of [[[1, 1], 0], [[3, 1, 8], 1], [[4, 4, 4], -2], [[1, 4], 2], [[5], 2]] as const) {
          const begin = [0, 0, 0];
          const along = (axis + 3) % 3;
          for (const [i, part] of tf.split(x, [...sizes], axis).entries()) {
            const size = [...x.shape];
            size[along] = sizes[i] ?? 0;
            const expected = tf.slice(x, begin, size);
            expect([part.shape, part.dtype]).toEqual([expected.shape, dtype]);
            expect(part.dataSync()).toEqual(expected.dataSync());
            begin[along]! += sizes[i] ?? 0;
          }
        }
      }); // prettier-ignore
    });

    it('has the gradient of the parts, and leaves nothing behind', () => {
      expectNoLeak(() => {
        tf.tidy(() => {
          const parts = (x: tf.Tensor) => tf.split(x, [3, 9], 1);
          const weighted = (x: tf.Tensor) => tf.add(tf.sum(parts(x)[0]!), tf.mul(2, tf.sum(parts(x)[1]!)));
          const gradient = tf.grad(weighted)(numbers('float32'));
          const expected = tf.concat([tf.ones([2, 3, 5]), tf.fill([2, 9, 5], 2)], 1);
          expect(gradient.dataSync()).toEqual(expected.dataSync());
        });
      });
    });
  },
  ['wasm'],
);
