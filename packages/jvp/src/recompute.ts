import * as tf from '@tensorflow/tfjs-core';
import { pass } from './barrier';
import { releaseAfter } from './release';
import { collectClones, onOwnTape, seesDifferentiableTangent, shareSaved } from './trace';
import type { SavedClone } from './trace';

/**
 * f(...inputs), of which a backward pass keeps the inputs alone: it computes f again when it needs what is inside.
 * Memory for time: one more forward pass of f, and nothing of f on the tape (activation recomputation, also called
 * rematerialization or gradient checkpointing).
 *
 * Values and gradients are those of f itself. Forward mode passes through f as through any function. Calls nest: an
 * inner one is computed again within the outer one's second pass. Where an enclosing `jvp` wants a differentiable
 * tangent, or a gradient is taken of a gradient, everything is kept as if f were called directly.
 *
 * @param f Synchronous function of tensors that returns one tensor, with the same result each time: it must draw no
 *   random numbers. What gradients shall reach, weights included, has to be among its arguments; other tensors that it
 *   uses are constants, and must live until the backward pass.
 * @param inputs Arguments of f, tensors or variables. Borrowed.
 * @returns f(...inputs); the caller owns it.
 * @see Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174.
 */
export function recompute<I extends readonly tf.Tensor[], R extends tf.Tensor>(
  f: (...inputs: NoInfer<I>) => R,
  inputs: readonly [...I],
): R {
  const { state } = tf.engine();
  const taping = state.gradientDepth > 0 && state.kernelDepth === 0;
  const call = () => tf.tidy(() => fresh(f(...inputs), inputs));
  if (!taping || seesDifferentiableTangent()) return call();
  const clones: SavedClone[] = [];
  const value = onOwnTape(call);
  const operation = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    collectClones(clones, () => {
      save(args as tf.Tensor[]);
    });
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      releaseAfter(dy, saved, () => pullBack(f, saved as unknown as I, dy));
    return { value, gradFunc };
  });
  const output = operation(...inputs);
  shareSaved(clones);
  return output;
}

/** J_f(inputs)^T dy for every input. */
function pullBack<I extends readonly tf.Tensor[]>(
  f: (...inputs: I) => tf.Tensor,
  inputs: I,
  dy: tf.Tensor,
): tf.Tensor[] {
  // A gradient of this gradient needs its tape; else it is taken on a tape of its own, which ends with it.
  const isDifferentiated = tf.engine().state.gradientDepth > 0;
  const run = isDifferentiated ? <T>(g: () => T) => g() : onOwnTape;
  return tf.tidy(() => {
    const again = pass(inputs, dy) as unknown as I;
    const xs = again as unknown as tf.Tensor[];
    const { grads } = run(() => tf.engine().gradients(() => fresh(f(...again), xs), xs, dy, true));
    return xs.map((x, i) => grads[i] ?? tf.zeros(x.shape));
  });
}

/** The tape tells an operation's output from other tensors by identity, so it has to be one that f made. */
function fresh<R extends tf.Tensor>(output: R, inputs: readonly tf.Tensor[]): R {
  const { state } = tf.engine();
  const isNew = !inputs.includes(output) && !output.kept && output.scopeId === state.activeScope.id;
  return isNew ? output : tf.clone(output);
}
