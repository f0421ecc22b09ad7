import * as tf from '@tensorflow/tfjs-core';

/** Sum of tensors that broadcast together; null, the zero tangent, of none. */
export function sumOf(terms: readonly tf.Tensor[]): tf.Tensor | null {
  const [first, ...rest] = terms;
  return first === undefined ? null : rest.reduce((sum, term) => tf.add(sum, term), first);
}
