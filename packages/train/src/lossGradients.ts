import type { DrawTensors, Objective } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Variables } from './trainState';
import type { Weights } from './weights';

/** A loss, what it logs, and its gradient. */
export interface LossGradients {
  loss: tf.Scalar;
  /** The objective's own numbers, e.g. `rawLoss`; constants. */
  logs: Record<string, tf.Scalar>;
  /** Gradient by weight; zero for a weight that the loss does not depend on. */
  gradients: Weights;
}

/** One batch on the backend. */
export interface BatchTensors {
  /** Samples, [B, ...]. */
  x: tf.Tensor;
  /** Labels, [B], int32; null without classes. */
  y: tf.Tensor1D | null;
  draws: DrawTensors;
}

/**
 * Loss of one batch and its gradient with respect to the weights. It reads the weights and changes nothing.
 *
 * @param objective What is minimised.
 * @param network The network over given weights; called once.
 * @param weights Borrowed.
 * @param batch Borrowed.
 * @returns Tensors that the caller owns.
 */
export function lossGradients<N>(
  objective: Pick<Objective<N>, 'loss'>,
  network: (weights: Weights) => N,
  weights: Variables,
  { x, y, draws }: BatchTensors,
): LossGradients {
  const logs: Record<string, tf.Scalar> = {};
  try {
    return tf.tidy(() => {
      const { value: loss, grads } = tf.variableGrads(() => {
        const result = objective.loss(network(weights), x, y, draws);
        // Kept, since the scope of the forward pass frees all but the loss; copies, for a log may be the loss itself.
        for (const [name, value] of Object.entries(result.logs)) logs[name] = tf.keep(tf.clone(value));
        return result.loss;
      }, Object.values(weights));
      const gradientOf = (variable: tf.Variable) => grads[variable.name] ?? tf.zerosLike(variable);
      const entries = Object.entries(weights).map(
        ([name, variable]) => [name, gradientOf(variable)] as const,
      );
      const copies = Object.entries(logs).map(([name, value]) => [name, tf.clone(value)] as const);
      return { loss, logs: Object.fromEntries(copies), gradients: Object.fromEntries(entries) };
    });
  } finally {
    tf.dispose(logs);
  }
}
