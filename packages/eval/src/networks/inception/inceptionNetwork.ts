import * as tf from '@tensorflow/tfjs-core';
import type { FeatureNetwork, NetworkOutput } from '../featureNetwork';
import { foldWeights } from './foldWeights';
import type { StateDict } from './foldWeights';
import { inception, inceptionInput } from './inception';
import type { InceptionPipeline } from './inception';

/** Options of the Inception network as a feature network. */
export interface InceptionOptions {
  /**
   * How images are brought to 299 x 299: `tf1` as the original graph, the ADM evaluator and torch-fidelity do it, `ptfid` as
   * pytorch-fid does. At 32 x 32 they differ by 1.7 % of the features. Default `tf1`.
   */
  pipeline?: InceptionPipeline;
  /** Which pool gives the features: that after the first or second max pool, after Mixed_6e, or the last. Default 2048. */
  featureSize?: 64 | 192 | 768 | 2048;
}

const preprocessing: Readonly<Record<InceptionPipeline, string>> = {
  tf1: 'bilinear to 299 as in TensorFlow 1, (x - 128) / 128',
  ptfid: 'x / 255, bilinear to 299 with half-pixel centres, 2 x - 1',
};

/** The block whose mean gives so many features; the last pool is a result of its own. */
const blocks = { 64: 'MaxPool_1', 192: 'MaxPool_2', 768: 'Mixed_6e', 2048: 'Mixed_7c' } as const;

/**
 * The Inception network over given weights.
 *
 * @param tensors Checked by `checkStateDict`. Borrowed.
 * @returns A network on the active backend, until `dispose`.
 */
export function inceptionNetwork(
  { name, hash }: Pick<FeatureNetwork, 'name' | 'hash'>,
  tensors: StateDict,
  { pipeline = 'tf1', featureSize = 2048 }: InceptionOptions = {},
): FeatureNetwork {
  if (!Object.hasOwn(blocks, featureSize))
    throw new RangeError(
      `inceptionNetwork: featureSize must be 64, 192, 768 or 2048, got ${String(featureSize)}.`,
    );
  const block = blocks[featureSize];
  // Variables: a compiled program keeps them in its own memory, and constants a second time in its graph.
  const weights = tf.tidy(() =>
    Object.fromEntries(
      Object.entries(foldWeights(tensors)).map(([weight, { shape, data }]) => [
        weight,
        tf.variable(tf.tensor(data, [...shape]), false),
      ]),
    ),
  );
  return {
    name: pipeline === 'tf1' ? name : `${name}, ${pipeline}`,
    hash,
    inputSize: null,
    channels: 3,
    featureSize,
    batchSize: 16,
    preprocessing: preprocessing[pipeline],
    extract: (images) =>
      tf.tidy((): NetworkOutput & tf.NamedTensorMap => {
        const x = inceptionInput(images, pipeline);
        const { features, logitsUnbiased, spatial } = inception(weights, x, { block });
        return { features, logits: logitsUnbiased, spatial };
      }),
    dispose: () => {
      tf.dispose(weights);
    },
  };
}
