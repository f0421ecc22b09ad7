import * as tf from '@tensorflow/tfjs-core';

/**
 * Replaces the labels of dropped rows by the null label.
 *
 * @param y Labels, int32 [B].
 * @param drop 1 for rows to drop, else 0, [B].
 * @returns Labels, int32 [B]; the caller owns them.
 */
export function dropLabels(y: tf.Tensor1D, drop: tf.Tensor1D, yNull: number): tf.Tensor1D {
  return tf.tidy(() => {
    const kept = tf.mul(tf.cast(y, 'float32'), tf.sub(1, drop)); // labels are exact in float32 up to 2^24
    return tf.cast(tf.add<tf.Tensor1D>(kept, tf.mul(drop, yNull)), 'int32');
  });
}
