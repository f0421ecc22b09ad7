import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs the backward function of an operation and lets go of what only that function reads: the tensors that were saved
 * for it and the gradient that arrived. tfjs would keep both until the whole backward pass ends.
 *
 * @param dy Gradient of the operation's output; disposed if the backward pass that is running made it.
 * @param saved Tensors saved for the backward function; disposed.
 * @param pullBack Gradients of the inputs.
 */
export function releaseAfter(
  dy: tf.Tensor,
  saved: readonly tf.Tensor[],
  pullBack: () => tf.Tensor[],
): tf.Tensor[] {
  const { state } = tf.engine();
  const gradients = pullBack().map((gradient) =>
    gradient === dy || saved.includes(gradient) ? tf.clone(gradient) : gradient,
  );
  if (state.gradientDepth > 0) return gradients; // a gradient of the gradient comes back for them
  tf.dispose(saved as tf.Tensor[]);
  const isOurs = !dy.kept && dy.scopeId === state.activeScope.id;
  if (isOurs) dy.dispose();
  return gradients;
}
