import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile, computeAfter, fused, registerCompiler } from './index';
import { tensorflowCompiler } from './tensorflow/index';

registerCompiler(tensorflowCompiler);

describeBackends('computeAfter', () => {
  it.each([false, 'fused', true] as const)('gives equal tensors with xla %s', (xla) => {
    const f = compile(
      (x: tf.Tensor, after: tf.Tensor) => {
        const slow = fused(() => tf.sqrt(tf.square(after)));
        const [same] = computeAfter([x], slow);
        return tf.add(tf.square(x), tf.square(same!));
      },
      { xla },
    );
    for (let i = 1; i < 4; i++)
      expect([...f(tf.tensor1d([i, 2]), tf.ones([100, 100])).dataSync()]).toEqual([2 * i * i, 8]);
    f.dispose();
  });
});
