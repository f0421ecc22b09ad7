import { describeBackends, expectClose } from '@meanflow/testing';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { attention, selfAttention } from './attention';
import { plainAttention } from './attention.testdata';

const drawn = (shape: number[], seed: number) =>
  tf.tensor(normals({ seed, purpose: 'attention' }, tf.util.sizeFromShape(shape)), shape);

describeBackends('attention', () => {
  it('returns the mean of the values where all keys are equal', () => {
    tf.tidy(() => {
      const v = drawn([2, 4, 6], 1);
      const y = attention(drawn([2, 4, 6], 2), tf.ones([2, 4, 6]), v, 3);
      expectClose(y, tf.tile(tf.mean(v, 1, true), [1, 4, 1]), 1e-6);
    });
  });
  it('copies the value of the one key that a query matches, in each head by itself', () => {
    tf.tidy(() => {
      const one = tf.tensor3d([[[9, 0, 0, 9], [0, 9, 9, 0]]]); // prettier-ignore
      const v = tf.tensor3d([[[1, 2, 3, 4], [5, 6, 7, 8]]]); // prettier-ignore
      // Head 0 matches its own token; head 1 is asked with the tokens swapped.
      const q = tf.tensor3d([[[9, 0, 9, 0], [0, 9, 0, 9]]]); // prettier-ignore
      expectClose(attention(q, one, v, 2), [1, 2, 7, 8, 5, 6, 3, 4], 1e-6);
    });
  });
  it.each([
    { batch: 3, tokens: 16, width: 24, heads: 4 },
    { batch: 1, tokens: 1, width: 4, heads: 1 },
    { batch: 2, tokens: 7, width: 15, heads: 3 },
  ])(
    'equals the formula head by head for $batch x $tokens x $width, $heads heads',
    ({ batch, tokens, width, heads }) => {
      tf.tidy(() => {
        const [q, k, v] = [1, 2, 3].map((seed) => drawn([batch, tokens, width], seed)) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        expectClose(attention(q, k, v, heads), plainAttention(q, k, v, heads), 1e-5);
      });
    },
  );
  it('does not overflow for scores in the thousands', () => {
    tf.tidy(() => {
      const x = tf.mul(drawn([1, 3, 4], 1), 100);
      expect(attention(x, x, x, 1).dataSync().every(Number.isFinite)).toBe(true);
    });
  });
  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const x = tf.zeros([1, 2, 6]);
      expect(() => attention(x, x, tf.zeros([1, 3, 6]), 2)).toThrow(
        'attention: q, k and v must all be [B, N, D], got [1, 2, 6], [1, 2, 6], [1, 3, 6].',
      );
      expect(() => attention(x, x, x, 4)).toThrow('attention: heads must divide the width 6, got 4.');
      expect(() => selfAttention(x, 4)).toThrow('selfAttention: heads must divide the width 2, got 4.');
      expect(() => selfAttention(tf.zeros([1, 2, 8]), 2)).toThrow(
        'selfAttention: qkv must be [B, N, 3 D], got [1, 2, 8].',
      );
    });
  });
});
