import * as tf from '@tensorflow/tfjs-core';

/** One head at a time, as the paper writes it. */
export function plainAttention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, heads: number): tf.Tensor {
  const perHead = [q, k, v].map((x) => tf.split(x, heads, 2));
  const mixed = Array.from({ length: heads }, (_, n) => {
    const [qn, kn, vn] = perHead.map((parts) => parts[n]!) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const scores = tf.div(tf.matMul(qn, kn, false, true), Math.sqrt(qn.shape[2]!));
    return tf.matMul(tf.softmax(scores), vn);
  });
  return tf.concat(mixed, 2);
}
