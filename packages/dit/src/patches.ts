import * as tf from '@tensorflow/tfjs-core';

// Both directions swap two neighbouring axes of a rank-4 view; tfjs transposes rank 5 and more far slower.

/**
 * Cuts images into patches, [B, H, W, C] -> [B, N, p p C]: patches in row-major order, each as (row, column, channel).
 *
 * @returns The caller owns it.
 */
export function patchify(images: tf.Tensor4D, patchSize: number): tf.Tensor3D {
  const [batch, height, width, channels] = images.shape;
  const [rows, columns] = [height / patchSize, width / patchSize];
  return tf.tidy(() => {
    const strips = tf.reshape(images, [batch * rows, patchSize, columns, patchSize * channels]);
    const length = patchSize * patchSize * channels;
    return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, rows * columns, length]);
  });
}

/**
 * Puts patches together, [B, N, p p C] -> [B, H, W, C]: the inverse of {@link patchify}.
 *
 * @param grid Rows and columns of patches.
 * @returns The caller owns it.
 */
export function unpatchify(
  patches: tf.Tensor3D,
  patchSize: number,
  grid: readonly [rows: number, columns: number],
): tf.Tensor4D {
  const [batch, , length] = patches.shape;
  const [rows, columns] = grid;
  const channels = length / (patchSize * patchSize);
  return tf.tidy(() => {
    const strips = tf.reshape(patches, [batch * rows, columns, patchSize, patchSize * channels]);
    const images = tf.transpose(strips, [0, 2, 1, 3]);
    return tf.reshape(images, [batch, rows * patchSize, columns * patchSize, channels]);
  });
}
