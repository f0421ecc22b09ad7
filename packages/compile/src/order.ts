import * as tf from '@tensorflow/tfjs-core';

type Order = (tensors: readonly tf.Tensor[], after: tf.Tensor) => tf.Tensor[];

let recording: Order | null = null;

/**
 * Tensors equal to `tensors` that a replay computes only after `after`. A graph merges equal computations: what should
 * be computed a second time, to save memory in between, has to come after something that the first did not wait for.
 * Outside of a recording operations run in the order of their calls, and this only clones.
 *
 * @param tensors Borrowed, like `after`.
 * @returns As many tensors; the caller owns them.
 */
export function computeAfter(tensors: readonly tf.Tensor[], after: tf.Tensor): tf.Tensor[] {
  return recording === null ? tensors.map((tensor) => tf.clone(tensor)) : recording(tensors, after);
}

/** Calls `f` with {@link computeAfter} recorded by `order`. */
export function withOrder<T>(order: Order, f: () => T): T {
  const outer = recording;
  recording = order;
  try {
    return f();
  } finally {
    recording = outer;
  }
}
