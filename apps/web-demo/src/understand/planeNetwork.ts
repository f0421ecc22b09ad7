import type { Network } from '@meanflow/core';
import { linear, silu } from '@meanflow/kernels';
import { normals } from '@meanflow/random';
import type { Weights } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs-core';

/** Shape of a {@link planeNetwork}. */
export interface PlaneConfig {
  /** Width of the hidden layers. */
  readonly hiddenSize: number;
  /** Number of hidden layers, at least 1. */
  readonly depth: number;
}

/** Half periods that t and t - r are shown to the network with, besides their values. */
const waves = [0.5, 1, 2];
/** z, and for each of t and t - r its value, sines and cosines. */
const inputs = 2 + 2 * (1 + 2 * waves.length);

/**
 * Initial weights of a {@link planeNetwork}: hidden layers normal with variance 2 / (fan in), the last layer zero, so
 * that a fresh network returns zero.
 *
 * @param seed An integer in [0, 2^53); equal seeds give equal weights on every backend.
 * @returns Weights by name; the caller owns them.
 */
export function initPlane({ hiddenSize, depth }: PlaneConfig, seed: number): Record<string, tf.Tensor> {
  const weights: Record<string, tf.Tensor> = {};
  for (let i = 0; i < depth; i++) {
    const fanIn = i === 0 ? inputs : hiddenSize;
    const drawn = normals({ seed, purpose: `init plane ${i}` }, fanIn * hiddenSize);
    const deviation = Math.sqrt(2 / fanIn);
    weights[`${i}.kernel`] = tf.tensor2d(
      drawn.map((n) => n * deviation),
      [fanIn, hiddenSize],
    );
    weights[`${i}.bias`] = tf.zeros([hiddenSize]);
  }
  weights['out.kernel'] = tf.zeros([hiddenSize, 2]);
  weights['out.bias'] = tf.zeros([2]);
  return weights;
}

function weightOf(weights: Weights, name: string): tf.Tensor {
  const weight = weights[name];
  if (weight === undefined) throw new Error(`internal: the network of the plane has no weight ${name}.`);
  return weight;
}

const dense = (x: tf.Tensor, weights: Weights, name: string) =>
  linear(x, weightOf(weights, `${name}.kernel`), weightOf(weights, `${name}.bias`));

/**
 * A network u(z, r, t) on points of the plane: a perceptron on z, t, t - r and a few waves of both times.
 *
 * Its times enter once, with the point, so a step costs about a sixth of one with `mlpNetwork`, whose blocks are each
 * modulated by embeddings of 256 features: that is what lets the page train two of them while one looks on.
 *
 * @param weights Of {@link initPlane}, tensors or variables. Borrowed and read at each call.
 */
export function planeNetwork({ depth }: PlaneConfig, weights: Weights): Network {
  return (z, r, t) =>
    tf.tidy(() => {
      let x: tf.Tensor = tf.concat([z, ...features(t), ...features(tf.sub(t, r))], 1);
      for (let i = 0; i < depth; i++) x = silu(dense(x, weights, `${i}`));
      return dense(x, weights, 'out');
    });
}

/** s, and sin and cos of pi k s for each wave k, [B, 1] and [B, waves]. */
function features(s: tf.Tensor): tf.Tensor[] {
  const column = tf.reshape(s, [-1, 1]);
  const angles = tf.mul(
    column,
    tf.tensor2d(
      waves.map((k) => Math.PI * k),
      [1, waves.length],
    ),
  );
  return [column, tf.sin(angles), tf.cos(angles)];
}
