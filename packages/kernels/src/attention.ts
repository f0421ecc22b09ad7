import * as tf from '@tensorflow/tfjs-core';
import { attentionOnWasm } from './attentionOnWasm';
import { onWasm } from './backend';

/**
 * Multi-head attention, softmax(q k' / sqrt(d)) v for each head of width d = D / heads, softmax over the keys.
 *
 * @param q Queries, [B, N, D]; head n uses the features n d ... (n + 1) d - 1.
 * @param k Keys, [B, N, D].
 * @param v Values, [B, N, D].
 * @param heads Number of heads, a divisor of D.
 * @returns [B, N, D], the heads' results side by side. The caller owns it.
 * @throws RangeError if the shapes differ or `heads` does not divide D.
 * @see Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, Sec. 3.2.
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, heads: number): tf.Tensor3D {
  const shapes = [q, k, v].map(({ shape }) => shape.join(', '));
  if (q.rank !== 3 || shapes.some((shape) => shape !== shapes[0])) {
    throw new RangeError(`attention: q, k and v must all be [B, N, D], got [${shapes.join('], [')}].`);
  }
  if (!Number.isInteger(heads) || heads < 1 || (q.shape[2] ?? 1) % heads !== 0) {
    throw new RangeError(`attention: heads must divide the width ${q.shape[2] ?? 1}, got ${heads}.`);
  }
  const inHeads = onWasm() ? attentionOnWasm : attentionByMatMul;
  return inHeads(q, k, v, heads) as tf.Tensor3D;
}

/** The definition, in operations that tfjs and @meanflow/jvp differentiate: fast where batched products are. */
export function attentionByMatMul(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, heads: number): tf.Tensor {
  const [batch = 1, tokens = 1, width = 1] = q.shape;
  const features = width / heads;
  const perHead = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [batch, tokens, heads, features]), [0, 2, 1, 3]);
  return tf.tidy(() => {
    const scores = tf.matMul(tf.mul(perHead(q), features ** -0.5), perHead(k), false, true);
    const mixed = tf.matMul(tf.softmax(scores), perHead(v)); // [B, heads, N, d]
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]);
  });
}
