import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';

/** Rules by kernel name. */
export type RuleTable = Readonly<Record<string, JvpRule>>;

/** Runs a kernel by name, for kernels whose operation would check or reshape what was checked already. */
export function runKernel(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
): tf.Tensor | tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attrs);
}

/** Adds two tangents, of which either may be zero. */
export function plus(a: tf.Tensor | null, b: tf.Tensor | null): tf.Tensor | null {
  if (a === null) return b;
  return b === null ? a : tf.add(a, b);
}

/** Broadcasts a tangent to the shape of the output: the derivative of broadcasting. */
export function broadcast(tangent: tf.Tensor | null, shape: number[]): tf.Tensor | null {
  if (tangent === null || tf.util.arraysEqual(tangent.shape, shape)) return tangent;
  return tf.broadcastTo(tangent, shape);
}

/** An input that the kernel cannot run without; its absence is a bug in a rule. */
export function required(tensors: Readonly<Record<string, tf.Tensor | undefined>>, name: string): tf.Tensor {
  const tensor = tensors[name];
  if (tensor === undefined)
    throw new Error(`internal: a rule reads ${name}, which the kernel does not have.`);
  return tensor;
}

/**
 * Rule of a kernel that is linear in each of `names` separately (convolutions, products): the sum over those inputs
 * of the kernel with that input replaced by its tangent. With one name: the kernel applied to the tangent.
 */
export function linearInEach(kernel: string, ...names: string[]): JvpRule {
  return ({ inputs, tangents, attrs }) => {
    let sum: tf.Tensor | null = null;
    for (const name of names) {
      const tangent = tangents[name];
      if (tangent === undefined) continue;
      const result = runKernel(kernel, { ...inputs, [name]: tangent }, attrs);
      if (Array.isArray(result)) return result; // only kernels with one input have several outputs
      sum = plus(sum, result);
    }
    return sum;
  };
}

/** Rule table of kernels that are linear in their only differentiable input. */
export function linearIn(name: string, kernels: readonly string[]): RuleTable {
  return Object.fromEntries(kernels.map((kernel) => [kernel, linearInEach(kernel, name)]));
}

/** Rule table of kernels whose derivative is zero wherever it exists. */
export function zeroDerivative(kernels: readonly string[]): RuleTable {
  return Object.fromEntries(kernels.map((kernel) => [kernel, () => null]));
}
