import { jvp } from '@meanflow/jvp';
import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { embeddingLookup } from './embeddingLookup';

describeBackends('embeddingLookup', () => {
  const rows = [[1, 2], [3, 4], [5, 6]]; // prettier-ignore
  const ids = () => tf.tensor1d([2, 0, 2], 'int32');

  it('takes rows of the table', () => {
    tf.tidy(() => {
      expectClose(embeddingLookup(tf.tensor2d(rows), ids()), [5, 6, 1, 2, 5, 6], 0);
    });
  });
  it('adds the gradients of a row that is taken twice', () => {
    tf.tidy(() => {
      const dy = tf.tensor2d([[1, 10], [2, 20], [4, 40]]); // prettier-ignore
      const gradient = tf.grad((table) => embeddingLookup(table, ids()))(tf.tensor2d(rows), dy);
      expectClose(gradient, [2, 20, 0, 0, 5, 50], 0);
    });
  });
  it('is linear in the table', () => {
    tf.tidy(() => {
      const direction = tf.tensor2d([[7, 8], [0, 0], [9, 1]]); // prettier-ignore
      const { tangent } = jvp(
        (table: tf.Tensor) => embeddingLookup(table, ids()),
        [tf.tensor2d(rows)],
        [direction],
      );
      expectClose(tangent, [9, 1, 7, 8, 9, 1], 0);
    });
  });
  it('refuses ids that are no integers', () => {
    tf.tidy(() => {
      expect(() => embeddingLookup(tf.tensor2d(rows), tf.tensor1d([0.5]))).toThrow(
        'embeddingLookup: ids must be an int32 vector, got float32 of shape [1].',
      );
    });
  });
});
