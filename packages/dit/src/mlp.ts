import { silu } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { checkCondition, embedCondition } from './condition';
import { denseLayer } from './denseLayer';
import { initialize } from './initialize';
import { conditionParameters, dense, xavierUniform, zeros } from './parameters';
import type { Parameter } from './parameters';
import { checkWeights } from './weights';
import type { Network, Weights } from './weights';

/** Shape of a residual MLP on points. */
export interface MlpConfig {
  /** Coordinates of a point. */
  inputDim: number;
  /** Width D of the hidden layers. */
  hiddenSize: number;
  /** Number of residual blocks. */
  depth: number;
  /** Number of classes; the label `numClasses` stands for no class. 0: the network takes no labels. */
  numClasses: number;
}

/**
 * Every parameter of a residual MLP with its shape and initial distribution: as in a DiT, dense layers are
 * Xavier-uniform, embedders normal with deviation 0.02, modulation and last layer zero.
 *
 * @throws RangeError if a number is not a positive integer; `numClasses` may be 0.
 */
export function mlpParameters(config: MlpConfig): Parameter[] {
  const { inputDim, hiddenSize, depth, numClasses } = config;
  for (const [name, value] of Object.entries({ inputDim, hiddenSize, depth, numClasses })) {
    const least = name === 'numClasses' ? 0 : 1;
    if (Number.isInteger(value) && value >= least) continue;
    throw new RangeError(`MlpConfig: ${name} must be an integer of at least ${least}, got ${value}.`);
  }
  const block = (name: string) => [
    ...dense(`${name}.modulation`, hiddenSize, 2 * hiddenSize, zeros),
    ...dense(`${name}.fc1`, hiddenSize, hiddenSize, xavierUniform),
    ...dense(`${name}.fc2`, hiddenSize, hiddenSize, xavierUniform),
  ];
  return [
    ...dense('xEmbedder', inputDim, hiddenSize, xavierUniform),
    ...conditionParameters(hiddenSize, numClasses),
    ...Array.from({ length: depth }, (_, i) => block(`blocks.${i}`)).flat(),
    ...dense('finalLayer.linear', hiddenSize, inputDim, zeros),
  ];
}

/**
 * Initial weights of a residual MLP (see {@link mlpParameters}); a fresh network returns zero.
 *
 * @param seed An integer in [0, 2^53); equal seeds give equal weights on every backend.
 * @returns Weights by name; the caller owns them.
 * @throws RangeError if the configuration or the seed is not valid.
 */
export function initMlp(config: MlpConfig, seed: number): Record<string, tf.Tensor> {
  return initialize(mlpParameters(config), seed);
}

/** x + dense(SiLU(dense(x) (1 + scale) + shift)), the modulation from the activated condition. */
function mlpBlock(x: tf.Tensor, activated: tf.Tensor, weights: Weights, name: string): tf.Tensor {
  const [shift = x, scale = x] = tf.split(denseLayer(activated, weights, `${name}.modulation`), 2, 1);
  const hidden = silu(tf.add(tf.mul(denseLayer(x, weights, `${name}.fc1`), tf.add(scale, 1)), shift));
  return tf.add(x, denseLayer(hidden, weights, `${name}.fc2`));
}

/**
 * A small network u(z, r, t, y) on points in the plane or in any space: a residual MLP with the embeddings of time,
 * interval and label that the DiT has. There is no normalization, which would hide how far out a point lies.
 *
 * @param weights Its weights by name, tensors or variables. Borrowed and read at each call.
 * @returns A network: z [B, inputDim], r and t [B], y [B] int32 labels in 0 ... numClasses, or null if the network has
 *   no classes. It returns u, of the shape of z, owned by the caller, and throws a RangeError if a shape does not fit.
 * @throws RangeError if the configuration is not valid, or a weight is missing, misshaped or unknown.
 */
export function mlpNetwork(config: MlpConfig, weights: Weights): Network {
  const { inputDim, depth, numClasses } = config;
  checkWeights('mlpNetwork', mlpParameters(config), weights);
  return (z, r, t, y) => {
    const [batch = 0, coordinates] = z.shape;
    if (z.rank !== 2 || coordinates !== inputDim) {
      throw new RangeError(`mlpNetwork: z must be [B, ${inputDim}], got [${z.shape.join(', ')}].`);
    }
    checkCondition('mlpNetwork', batch, { r, t, y }, numClasses);
    return tf.tidy(() => {
      const activated = silu(embedCondition({ r, t, y }, weights));
      let x = denseLayer(z, weights, 'xEmbedder');
      for (let i = 0; i < depth; i++) x = mlpBlock(x, activated, weights, `blocks.${i}`);
      return denseLayer(x, weights, 'finalLayer.linear');
    });
  };
}
