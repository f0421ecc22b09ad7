import { describeBackends, expectClose } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { patchify, unpatchify } from './patches';

describeBackends('patches', () => {
  it('come in row-major order, each as row, column, channel', () => {
    tf.tidy(() => {
      const image = tf.reshape<tf.Rank.R4>(tf.range(0, 32), [1, 4, 4, 2]);
      const patches = patchify(image, 2);
      expect(patches.shape).toEqual([1, 4, 8]);
      expectClose(tf.slice(patches, [0, 0, 0], [1, 1, 8]), [0, 1, 2, 3, 8, 9, 10, 11], 0);
      expectClose(tf.slice(patches, [0, 1, 0], [1, 1, 8]), [4, 5, 6, 7, 12, 13, 14, 15], 0);
      expectClose(tf.slice(patches, [0, 2, 0], [1, 1, 8]), [16, 17, 18, 19, 24, 25, 26, 27], 0);
    });
  });
  it.each([
    [2, [3, 4, 6, 3], [2, 3]],
    [1, [2, 3, 5, 1], [3, 5]],
    [4, [1, 8, 4, 2], [2, 1]],
  ] as const)('of side %i of %j are put together again', (side, shape, grid) => {
    tf.tidy(() => {
      const images = tf.reshape<tf.Rank.R4>(tf.range(0, tf.util.sizeFromShape([...shape])), [...shape]);
      const back = unpatchify(patchify(images, side), side, grid);
      expect(back.shape).toEqual(shape);
      expectClose(back, images, 0);
    });
  });
});
