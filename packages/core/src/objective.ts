import type * as tf from '@tensorflow/tfjs-core';
import type { DrawKey, Draws, DrawTensors } from './draws';
import type { Network } from './network';
import type { SampleOptions } from './sample';

/** A loss to minimize and what to log of it. The caller owns all tensors. */
export interface LossParts {
  /** What is differentiated. */
  loss: tf.Scalar;
  /** Scalars for the log, by name; constants to the gradient. */
  logs: Record<string, tf.Scalar>;
}

/**
 * What a network is trained for: the random numbers that a step needs, the loss that they give, and how to sample.
 *
 * A trainer knows no more than this, so an objective whose network has other inputs or outputs (`N`) fits as well.
 */
export interface Objective<N = Network> {
  /** Name for logs and configuration files. */
  readonly name: string;
  /** Names of the entries of {@link LossParts.logs}. */
  readonly logNames: readonly string[];
  /**
   * Draws the random numbers of a step on the host, row i from streams of its own.
   *
   * @param batch Rows of the whole batch, before it is split.
   * @param sampleShape Shape of one sample.
   */
  draw(batch: number, sampleShape: readonly number[], key: DrawKey): Draws;
  /**
   * Loss of a batch, a mean over its rows.
   *
   * @param x Data, [B, ...], scaled to about unit variance.
   * @param y Labels, int32 [B]; null if the network takes none.
   * @param draws What `draw` gave for these rows.
   */
  loss(network: N, x: tf.Tensor, y: tf.Tensor1D | null, draws: DrawTensors): LossParts;
  /** Draws samples with a trained network; see {@link sample}. */
  sample(network: N, noise: tf.Tensor, y: tf.Tensor1D | null, options?: SampleOptions): tf.Tensor;
}
