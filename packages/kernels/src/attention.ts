import { definePrimitive } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { attentionOnWasm } from './attentionOnWasm';
import { onWasm } from './backend';
import { sumOf } from './sumOf';

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

/** Attention by batched products: the definition, fast where those are. */
export function attentionByMatMul(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, heads: number): tf.Tensor {
  return attentionPrimitive({ q, k, v }, { heads });
}

const attentionPrimitive = definePrimitive<Record<'q' | 'k' | 'v', tf.Tensor>, { heads: number }>({
  name: 'attention',
  needsOutput: false,
  forward: ({ q, k, v }, { heads }) => {
    const weights = attentionWeights(perHead(q, heads), perHead(k, heads));
    return joinHeads(tf.matMul(weights, perHead(v, heads)));
  },
  // With A = softmax(S), S = s q k', y = A v: dv = A' dy, dA = dy v', dS = A (dA - sum_j A dA), dq = s dS k, dk = s dS' q
  vjp: ({ inputs, dy, attrs: { heads } }) => {
    const [q, k, v, dOut] = [inputs.q, inputs.k, inputs.v, dy].map((x) => perHead(x, heads)) as Four;
    const weights = attentionWeights(q, k);
    const dScores = tf.mul(softmaxSlope(weights, tf.matMul(dOut, v, false, true)), scaleOf(q));
    return {
      q: joinHeads(tf.matMul(dScores, k)),
      k: joinHeads(tf.matMul(dScores, q, true, false)),
      v: joinHeads(tf.matMul(weights, dOut, true, false)),
    };
  },
  // dS = s (dq k' + q dk'), dA = A (dS - sum_j A dS), dy = dA v + A dv
  jvp: ({ inputs, tangents, attrs: { heads } }) => {
    const [q, k] = [perHead(inputs.q, heads), perHead(inputs.k, heads)];
    const weights = attentionWeights(q, k);
    const scores: tf.Tensor[] = [];
    if (tangents.q) scores.push(tf.matMul(perHead(tangents.q, heads), k, false, true));
    if (tangents.k) scores.push(tf.matMul(q, perHead(tangents.k, heads), false, true));
    const dScores = sumOf(scores);
    const terms: tf.Tensor[] = [];
    if (dScores) {
      const dWeights = softmaxSlope(weights, tf.mul(dScores, scaleOf(q)));
      terms.push(tf.matMul(dWeights, perHead(inputs.v, heads)));
    }
    if (tangents.v) terms.push(tf.matMul(weights, perHead(tangents.v, heads)));
    const mixed = sumOf(terms);
    return mixed && joinHeads(mixed);
  },
});

type Four = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** [B, N, D] -> [B, heads, N, d]. */
function perHead(x: tf.Tensor, heads: number): tf.Tensor {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, heads, N, d] -> [B, N, D]. */
function joinHeads(x: tf.Tensor): tf.Tensor {
  const [batch = 1, heads = 1, tokens = 1, features = 1] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * features]);
}

/** softmax(s q k') for [B, heads, N, d]; the small factor is scaled rather than the product. */
function attentionWeights(q: tf.Tensor, k: tf.Tensor): tf.Tensor {
  return tf.softmax(tf.matMul(tf.mul(q, scaleOf(q)), k, false, true));
}

/** s = 1 / sqrt(d). */
function scaleOf(x: tf.Tensor): number {
  return (x.shape[3] ?? 1) ** -0.5;
}

/** Derivative of the softmax over the last axis, dA = A (dS - sum_j A dS); it is symmetric. */
function softmaxSlope(weights: tf.Tensor, d: tf.Tensor): tf.Tensor {
  const product = tf.mul(weights, d);
  return tf.sub(product, tf.mul(weights, tf.sum(product, -1, true)));
}
