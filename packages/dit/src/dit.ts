import { silu } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { ditBlock, finalLayer, recomputedBlock } from './block';
import { checkCondition, embedCondition } from './condition';
import { ditShape } from './config';
import type { DiTConfig } from './config';
import { denseLayer } from './denseLayer';
import { ditParameters } from './parameters';
import { patchify, unpatchify } from './patches';
import { sincosPositions } from './positions';
import { checkWeights } from './weights';
import type { Network, Weights } from './weights';

/** Options of {@link ditNetwork}. */
export interface DiTOptions {
  /**
   * Whether a backward pass keeps only the tokens between blocks, and computes each block again when it comes to it:
   * less memory by far, for about a third more time. Default false.
   */
  recompute?: boolean;
}

/**
 * The diffusion transformer of MeanFlow as a function u(z, r, t, y).
 *
 * z is cut into patches, which become tokens with fixed positions; `depth` adaLN-Zero blocks follow, conditioned on
 * emb(t) + emb(t - r) + emb(y); the last layer gives patches again. The network sees r only through h = t - r.
 *
 * @param config Shape of the network.
 * @param weights Its weights by name, tensors or variables. Borrowed and read at each call, so that a variable that was
 *   assigned, or an entry that was replaced, counts at once.
 * @returns A network: z [B, H, W, C], r and t [B], y [B] int32 labels in 0 ... numClasses, of which numClasses is no
 *   class, or null if the network has no classes. It returns u, of the shape of z, owned by the caller, and throws a
 *   RangeError if a shape does not fit.
 * @throws RangeError if the configuration is not valid, or a weight is missing, misshaped or unknown.
 * @see Peebles and Xie, "Scalable Diffusion Models with Transformers", arXiv:2212.09748; Geng et al., "Mean Flows for
 *   One-step Generative Modeling", arXiv:2505.13447.
 */
export function ditNetwork(
  config: DiTConfig,
  weights: Weights,
  { recompute = false }: DiTOptions = {},
): Network {
  const { height, width, grid } = ditShape(config);
  const { channels, patchSize, depth, hiddenSize, numHeads, numClasses } = config;
  checkWeights('ditNetwork', ditParameters(config), weights);
  const positions = sincosPositions(grid, hiddenSize);
  const block = recompute ? recomputedBlock : ditBlock;
  const imageShape = [height, width, channels];

  return (z, r, t, y) => {
    const [batch = 0, ...rest] = z.shape;
    if (!tf.util.arraysEqual(rest, imageShape)) {
      throw new RangeError(
        `ditNetwork: z must be [B, ${imageShape.join(', ')}], got [${z.shape.join(', ')}].`,
      );
    }
    checkCondition('ditNetwork', batch, { r, t, y }, numClasses);
    return tf.tidy(() => {
      const activated = silu(embedCondition({ r, t, y }, weights));
      const patches = denseLayer(patchify(z as tf.Tensor4D, patchSize), weights, 'xEmbedder');
      let x: tf.Tensor = tf.add(patches, tf.tensor(positions, [1, grid[0] * grid[1], hiddenSize]));
      for (let i = 0; i < depth; i++) x = block(x, activated, weights, `blocks.${i}`, numHeads);
      return unpatchify(finalLayer(x, activated, weights), patchSize, grid);
    });
  };
}
