import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { gatedResidual } from './gatedResidual';
import { layerNormModulate } from './layerNorm';
import { sumOverTokens } from './tokens';

describeBackends('rows for each sample', () => {
  it('sums over the tokens', () => {
    tf.tidy(() => {
      expectClose(sumOverTokens(tf.reshape(tf.range(0, 12), [2, 3, 2])), [6, 9, 24, 27], 1e-6);
      expectClose(sumOverTokens(tf.reshape(tf.range(0, 16), [2, 2, 4])), [4, 6, 8, 10, 20, 22, 24, 26], 1e-6);
    });
  });
  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const [x, row] = [tf.zeros([2, 3, 4]), tf.zeros([2, 4])];
      expect(() => layerNormModulate(tf.zeros([3, 4]), row, row)).toThrow(
        'layerNormModulate: x must be [B, N, D], got [3, 4].',
      );
      expect(() => layerNormModulate(x, tf.zeros([3, 4]), row)).toThrow(
        'layerNormModulate: shift must be [B, D] = [2, 4], got [3, 4].',
      );
      expect(() => gatedResidual(x, tf.zeros([2, 3]), x)).toThrow(
        'gatedResidual: gate must be [B, D] = [2, 4], got [2, 3].',
      );
      expect(() => gatedResidual(x, row, tf.zeros([2, 4, 4]))).toThrow(
        'gatedResidual: branch must have the shape of x, [2, 3, 4], got [2, 4, 4].',
      );
    });
  });
});
