import type { Tensor } from '@tensorflow/tfjs-core';

/** Gives tensors equal to `tensors` that whoever replays a recording computes only after `after`. */
export type Barrier = (tensors: readonly Tensor[], after: Tensor) => Tensor[];

let barrier: Barrier | null = null;

/**
 * Sets how {@link recompute} marks the inputs of a second pass. Where each operation runs as it is called there is
 * nothing to mark. A recorder has to keep the second pass apart: a graph optimizer sees two equal computations, merges
 * them, and keeps the results of the first after all, unless the inputs of the second depend on the gradient that
 * arrives there.
 *
 * @param replacement Its results are owned by the caller of it; null removes it.
 * @returns The barrier that was there, to be put back.
 */
export function setRecomputeBarrier(replacement: Barrier | null): Barrier | null {
  const previous = barrier;
  barrier = replacement;
  return previous;
}

/** `tensors`, through the barrier if there is one. */
export function pass(tensors: readonly Tensor[], after: Tensor): readonly Tensor[] {
  return barrier === null ? tensors : barrier(tensors, after);
}
