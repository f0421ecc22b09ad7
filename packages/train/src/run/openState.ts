import * as tf from '@tensorflow/tfjs-core';
import type { Checkpoint } from '../checkpoint';
import { createTrainState, restoreTrainState } from '../trainState';
import type { TrainState } from '../trainState';
import { checkWeights } from '../weights';
import type { HostWeights } from '../weights';
import type { Model } from './model';

/**
 * Weights in the order of the model. A file has an order of its own, but the norm of the gradient is a sum over all
 * weights, whose last bit depends on the order, and with clipping every weight depends on the norm.
 */
function inModelOrder({ parameters }: Pick<Model, 'parameters'>, weights: HostWeights): HostWeights {
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
 * @throws RangeError if the checkpoint is of another model.
 */
export function openState(
  model: Model,
  checkpoint: Pick<Checkpoint, 'snapshot'> | null,
  seed: number,
): TrainState {
  if (checkpoint === null) {
    const initial = model.init(seed);
    try {
      return createTrainState(initial);
    } finally {
      tf.dispose(initial);
    }
  }
  const { snapshot } = checkpoint;
  return restoreTrainState({ ...snapshot, weights: inModelOrder(model, snapshot.weights) });
}
