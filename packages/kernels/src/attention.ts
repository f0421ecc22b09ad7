import { fused } from '@meanflow/compile';
import { definePrimitive } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { wasmAttention, wasmAttentionPullBack, wasmAttentionPush } from './wasm/attention';
import { useWasmKernels } from './wasm/runtime';
import { webgpuAttention } from './webgpu/attention';

/** Queries, keys and values, head by head: three tensors [B, heads, N, d]. */
type Heads = [q: tf.Tensor, k: tf.Tensor, v: tf.Tensor];

// With A = softmax(S), S = s q k', s = 1 / sqrt(d), y = A v. A, heads N^2 numbers for each sample, is not kept for the
// backward pass but computed again.
const attentionPrimitive = definePrimitive<Record<'qkv', tf.Tensor>, { heads: number }>({
  name: 'attention',
  needsOutput: false,
  forward: ({ qkv }, { heads }) => {
    if (useWasmKernels()) return wasmAttention({ qkv }, { heads })[0];
    const webgpu = webgpuAttention(heads, qkv);
    if (webgpu !== null) return webgpu.forward({ qkv }, { heads })[0];
    const [q, k, v] = splitHeads(qkv, heads);
    return joinHeads(tf.matMul(attentionWeights(q, k), v));
  },
  // dv = A' dy, dA = dy v', dS = A (dA - sum_j A dA), dq = s dS k, dk = s dS' q
  vjp: ({ inputs: { qkv }, dy, attrs: { heads } }) => {
    if (useWasmKernels()) return { qkv: wasmAttentionPullBack({ qkv, dy }, { heads })[0] };
    const webgpu = webgpuAttention(heads, qkv, dy);
    if (webgpu !== null) return { qkv: webgpu.pullBack({ qkv, dy }, { heads })[0] };
    const [q, k, v] = splitHeads(qkv, heads);
    const dOut = perHead(dy, heads);
    const weights = attentionWeights(q, k);
    const dScores = softmaxSlope(weights, tf.matMul(dOut, v, false, true), scaleOf(q));
    const dk = tf.matMul(dScores, q, true, false);
    return { qkv: packHeads([tf.matMul(dScores, k), dk, tf.matMul(weights, dOut, true, false)]) };
  },
  // dS = s (dq k' + q dk'), dA = A (dS - sum_j A dS), dy = dA v + A dv
  jvp: ({ inputs: { qkv }, tangents, attrs: { heads } }) => {
    if (!tangents.qkv) return null;
    if (useWasmKernels()) return wasmAttentionPush({ qkv, d: tangents.qkv }, { heads })[0];
    const webgpu = webgpuAttention(heads, qkv, tangents.qkv);
    if (webgpu !== null) return webgpu.push({ qkv, d: tangents.qkv }, { heads })[0];
    const [q, k, v] = splitHeads(qkv, heads);
    const [dq, dk, dv] = splitHeads(tangents.qkv, heads);
    const weights = attentionWeights(q, k);
    const dScores = tf.add(tf.matMul(dq, k, false, true), tf.matMul(q, dk, false, true));
    const dWeights = softmaxSlope(weights, dScores, scaleOf(q));
    return joinHeads(tf.add(tf.matMul(dWeights, v), tf.matMul(weights, dv)));
  },
});

/** [B, N, 3 D] -> three of [B, heads, N, d], by one transposition. */
function splitHeads(qkv: tf.Tensor, heads: number): Heads {
  const [batch = 1, tokens = 1, width = 1] = qkv.shape;
  const features = width / (3 * heads);
  const parted = tf.transpose(tf.reshape(qkv, [batch, tokens, 3, heads, features]), [2, 0, 3, 1, 4]);
  const shape = [batch, heads, tokens, features];
  return tf.split(parted, 3, 0).map((part) => tf.reshape(part, shape)) as Heads;
}

/** Three of [B, heads, N, d] -> [B, N, 3 D]. */
function packHeads(parts: Heads): tf.Tensor {
  const [batch = 1, heads = 1, tokens = 1, features = 1] = parts[0].shape;
  return tf.reshape(tf.transpose(tf.stack(parts), [1, 3, 0, 2, 4]), [batch, tokens, 3 * heads * features]);
}

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

/** Derivative of the softmax over the last axis, times a factor: dA = s A (dS - sum_j A dS); it is symmetric. */
function softmaxSlope(weights: tf.Tensor, d: tf.Tensor, factor: number): tf.Tensor {
  return fused(() => {
    const mean = tf.sum(tf.mul(weights, d), -1, true);
    return tf.mul(tf.mul(weights, tf.sub(d, mean)), factor);
  });
}

function checkHeads(name: string, width: number, heads: number): void {
  if (Number.isInteger(heads) && heads >= 1 && width % heads === 0) return;
  throw new RangeError(`${name}: heads must divide the width ${width}, got ${heads}.`);
}

/**
 * Multi-head self-attention, softmax(q k' / sqrt(d)) v for each head of width d = D / heads, softmax over the keys. A
 * backward pass keeps queries, keys and values alone.
 *
 * @param qkv Queries, keys and values side by side, [B, N, 3 D], as one affine map gives them; in each of the three,
 *   head n has the features n d ... (n + 1) d - 1.
 * @param heads Number of heads, a divisor of D.
 * @returns [B, N, D], the heads' results side by side. The caller owns it.
 * @throws RangeError if the shape does not fit or `heads` does not divide D.
 * @see Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, Sec. 3.2.
 */
export function selfAttention(qkv: tf.Tensor, heads: number): tf.Tensor3D {
  const [, , width = 0] = qkv.shape;
  if (qkv.rank !== 3 || width % 3 !== 0) {
    throw new RangeError(`selfAttention: qkv must be [B, N, 3 D], got [${qkv.shape.join(', ')}].`);
  }
  checkHeads('selfAttention', width / 3, heads);
  return attentionPrimitive({ qkv }, { heads }) as tf.Tensor3D;
}

/**
 * {@link selfAttention} of queries, keys and values given one by one.
 *
 * @param q Queries, [B, N, D].
 * @param k Keys, [B, N, D].
 * @param v Values, [B, N, D].
 * @param heads Number of heads, a divisor of D.
 * @returns [B, N, D]. The caller owns it.
 * @throws RangeError if the shapes differ or `heads` does not divide D.
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, heads: number): tf.Tensor3D {
  const shapes = [q, k, v].map(({ shape }) => shape.join(', '));
  if (q.rank !== 3 || shapes.some((shape) => shape !== shapes[0])) {
    throw new RangeError(`attention: q, k and v must all be [B, N, D], got [${shapes.join('], [')}].`);
  }
  checkHeads('attention', q.shape[2] ?? 1, heads);
  return tf.tidy(() => selfAttention(tf.concat([q, k, v], 2), heads));
}
