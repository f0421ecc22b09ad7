import { definePrimitive } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { groupedProduct } from './groupedProduct';
import { sumOf } from './sumOf';

// Attention as grouped products. Index names: i query, j key, d feature of a head, g = (sample, head) group. Products
// read [row, term, g] on their left and [term, g, column] on their right, so a tensor of heads has three layouts.

interface Heads {
  heads: number;
}

/** [B, N, D] -> [token, d, g]: a left factor whose terms are the features. */
function featuresLeft(x: tf.Tensor, heads: number): tf.Tensor3D {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  const inHeads = tf.reshape(x, [batch, tokens, heads, width / heads]);
  return tf.reshape(tf.transpose(inHeads, [1, 3, 0, 2]), [tokens, width / heads, batch * heads]);
}

/** [B, N, D] -> [d, g, token]: a right factor whose terms are the features. */
function featuresRight(x: tf.Tensor, heads: number): tf.Tensor3D {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  const inHeads = tf.reshape(x, [batch, tokens, heads, width / heads]);
  return tf.reshape(tf.transpose(inHeads, [3, 0, 2, 1]), [width / heads, batch * heads, tokens]);
}

/** [B, N, D] -> [token, g, d]: a right factor whose terms are the tokens. */
function tokensRight(x: tf.Tensor, heads: number): tf.Tensor3D {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  return tf.reshape(tf.transpose(x, [1, 0, 2]), [tokens, batch * heads, width / heads]);
}

/** [token, g, d], as a product leaves it, back to [B, N, D]. */
function joinHeads(x: tf.Tensor3D, heads: number): tf.Tensor3D {
  const [tokens, groups, features] = x.shape;
  const batch = groups / heads;
  const perSample = tf.transpose(tf.reshape(x, [tokens, batch, heads * features]), [1, 0, 2]);
  return tf.reshape(perSample, [batch, tokens, heads * features]);
}

/** [i, g, j] as a left factor with terms j, [i, j, g]. */
const overKeys = (weights: tf.Tensor) => tf.transpose(weights, [0, 2, 1]) as tf.Tensor3D;
/** [i, g, j] as a left factor with terms i, [j, i, g]. */
const overQueries = (weights: tf.Tensor) => tf.transpose(weights, [2, 0, 1]) as tf.Tensor3D;

/** Derivative of the softmax over the last axis, dA = A (dS - sum_j A dS); it is symmetric. */
function softmaxSlope(weights: tf.Tensor, d: tf.Tensor): tf.Tensor {
  const product = tf.mul(weights, d);
  return tf.sub(product, tf.mul(weights, tf.sum(product, -1, true)));
}

const scaleOf = (x: tf.Tensor, heads: number) => ((x.shape[2] ?? 1) / heads) ** -0.5;

/** A[i, g, j] = softmax_j(q_i . k_j / sqrt(d)). The small factor, q, is scaled rather than the scores. */
const attentionWeights = definePrimitive<Record<'q' | 'k', tf.Tensor>, Heads>({
  name: 'attentionWeights',
  forward: ({ q, k }, { heads }) => {
    const scaled = tf.mul(q, scaleOf(q, heads));
    return tf.softmax(groupedProduct(featuresLeft(scaled, heads), featuresRight(k, heads)));
  },
  vjp: ({ inputs: { q, k }, output, dy, attrs: { heads } }) => {
    const scale = scaleOf(q, heads);
    const dScores = softmaxSlope(output, dy);
    return {
      q: tf.mul(joinHeads(groupedProduct(overKeys(dScores), tokensRight(k, heads)), heads), scale),
      k: tf.mul(joinHeads(groupedProduct(overQueries(dScores), tokensRight(q, heads)), heads), scale),
    };
  },
  jvp: ({ inputs: { q, k }, tangents, output, attrs: { heads } }) => {
    const terms: tf.Tensor[] = [];
    if (tangents.q) terms.push(groupedProduct(featuresLeft(tangents.q, heads), featuresRight(k, heads)));
    if (tangents.k) terms.push(groupedProduct(featuresLeft(q, heads), featuresRight(tangents.k, heads)));
    const dScores = sumOf(terms);
    return dScores && softmaxSlope(output, tf.mul(dScores, scaleOf(q, heads)));
  },
});

/** y_i = sum_j A[i, g, j] v_j. */
const attentionMix = definePrimitive<Record<'weights' | 'v', tf.Tensor>, Heads>({
  name: 'attentionMix',
  needsOutput: false,
  forward: ({ weights, v }, { heads }) =>
    joinHeads(groupedProduct(overKeys(weights), tokensRight(v, heads)), heads),
  vjp: ({ inputs: { weights, v }, dy, attrs: { heads } }) => ({
    weights: groupedProduct(featuresLeft(dy, heads), featuresRight(v, heads)),
    v: joinHeads(groupedProduct(overQueries(weights), tokensRight(dy, heads)), heads),
  }),
  jvp: ({ inputs: { weights, v }, tangents, attrs: { heads } }) => {
    const terms: tf.Tensor3D[] = [];
    if (tangents.weights) terms.push(groupedProduct(overKeys(tangents.weights), tokensRight(v, heads)));
    if (tangents.v) terms.push(groupedProduct(overKeys(weights), tokensRight(tangents.v, heads)));
    const mixed = sumOf(terms);
    return mixed && joinHeads(mixed as tf.Tensor3D, heads);
  },
});

/** Attention of wasm: see `attention`. The weights are kept for the backward pass, B heads N^2 numbers. */
export function attentionOnWasm(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, heads: number): tf.Tensor {
  return tf.tidy(() => attentionMix({ weights: attentionWeights({ q, k }, { heads }), v }, { heads }));
}
