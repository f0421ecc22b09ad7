import { recompute } from '@meanflow/jvp';
import { gatedResidual, geluLinear, layerNormModulate, selfAttention } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { denseLayer } from './denseLayer';
import { weightOf } from './weights';
import type { Weights } from './weights';

/** The modulation rows of a layer, `parts` tensors of [B, D], from the activated condition SiLU(c). */
export function modulation(activated: tf.Tensor, weights: Weights, name: string, parts: number): tf.Tensor[] {
  return tf.split(denseLayer(activated, weights, `${name}.adaLN`), parts, 1);
}

/** Self-attention of the tokens, [B, N, D] -> [B, N, D]. */
export function attentionBranch(x: tf.Tensor, weights: Weights, name: string, numHeads: number): tf.Tensor {
  return tf.tidy(() => {
    const qkv = denseLayer(x, weights, `${name}.attn.qkv`);
    return denseLayer(selfAttention(qkv, numHeads), weights, `${name}.attn.proj`);
  });
}

/** dense(GELU(dense(x))). */
export function mlpBranch(x: tf.Tensor, weights: Weights, name: string): tf.Tensor {
  return tf.tidy(() => {
    const hidden = denseLayer(x, weights, `${name}.mlp.fc1`);
    const kernel = weightOf(weights, `${name}.mlp.fc2.kernel`);
    return geluLinear(hidden, kernel, weightOf(weights, `${name}.mlp.fc2.bias`));
  });
}

/**
 * One adaLN-Zero block: x += gate1 attn(LN(x) (1 + scale1) + shift1), then the same with the MLP.
 *
 * @param x Tokens, [B, N, D].
 * @param activated SiLU of the condition, [B, D].
 * @param name Prefix of the block's weights, e.g. `blocks.0`.
 * @returns [B, N, D]; the caller owns it. Nothing else outlives the call, so that memory does not grow with depth
 *   unless a gradient needs it.
 * @see Peebles and Xie, arXiv:2212.09748, Fig. 3.
 */
export function ditBlock(
  x: tf.Tensor,
  activated: tf.Tensor,
  weights: Weights,
  name: string,
  numHeads: number,
): tf.Tensor {
  return tf.tidy(() => {
    const rows = modulation(activated, weights, name, 6);
    const [shift1 = x, scale1 = x, gate1 = x, shift2 = x, scale2 = x, gate2 = x] = rows;
    const attended = attentionBranch(layerNormModulate(x, shift1, scale1), weights, name, numHeads);
    const middle = gatedResidual(x, gate1, attended);
    return gatedResidual(middle, gate2, mlpBranch(layerNormModulate(middle, shift2, scale2), weights, name));
  });
}

/** {@link ditBlock}, of which a backward pass keeps its input, the condition and the weights alone. */
export function recomputedBlock(
  x: tf.Tensor,
  activated: tf.Tensor,
  weights: Weights,
  name: string,
  numHeads: number,
): tf.Tensor {
  const entries = Object.entries(weights).filter(([key]) => key.startsWith(`${name}.`));
  const names = entries.map(([key]) => key);
  const block = (tokens: tf.Tensor, condition: tf.Tensor, ...values: tf.Tensor[]) => {
    const named = Object.fromEntries(values.map((value, i) => [names[i] ?? '', value]));
    return ditBlock(tokens, condition, named, name, numHeads);
  };
  return recompute(block, [x, activated, ...entries.map(([, weight]) => weight)]);
}

/** The last layer, dense(LN(x) (1 + scale) + shift): [B, N, D] -> [B, N, length]. */
export function finalLayer(x: tf.Tensor, activated: tf.Tensor, weights: Weights): tf.Tensor3D {
  const [shift = x, scale = x] = modulation(activated, weights, 'finalLayer', 2);
  return denseLayer(layerNormModulate(x, shift, scale), weights, 'finalLayer.linear') as tf.Tensor3D;
}
