import { checkWeights, createTrainState, restoreTrainState } from '@meanflow/train';
import type { HostWeights, TrainState } from '@meanflow/train';
import type { Checkpoint } from '@meanflow/train/node';
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../model';
import { asUserError } from '../userError';

/**
 * Weights in the order of the model. A file has an order of its own, but the norm of the gradient is a sum over all
 * weights, whose last bit depends on the order, and with clipping every weight depends on the norm.
 */
function inModelOrder({ parameters }: Model, weights: HostWeights): HostWeights {
  checkWeights(parameters, weights, 'the checkpoint');
  const entries = parameters.flatMap(({ name }) => {
    const weight = weights[name];
    return weight === undefined ? [] : [[name, weight] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * The state to train on: that of the checkpoint, or a fresh one. The caller owns it.
 *
 * @throws UserError if the checkpoint is of another model.
 */
export function openState(model: Model, checkpoint: Checkpoint | null, seed: number): TrainState {
  if (checkpoint === null) {
    const initial = model.init(seed);
    try {
      return createTrainState(initial);
    } finally {
      tf.dispose(initial);
    }
  }
  try {
    const { snapshot } = checkpoint;
    return restoreTrainState({ ...snapshot, weights: inModelOrder(model, snapshot.weights) });
  } catch (error) {
    throw asUserError(error);
  }
}
