import * as tf from '@tensorflow/tfjs-core';

/** A tensor's place in nested objects and arrays, e.g. `[0].draws.t`. */
export interface TensorLeaf {
  readonly path: string;
  readonly tensor: tf.Tensor;
}

type Visit = (path: string, value: unknown) => unknown;

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether a value is a tensor; a variable is one too. */
export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/** A copy of nested arrays and plain objects in which `visit` gives every other value anew. */
export function mapLeaves(value: unknown, visit: Visit, path = ''): unknown {
  if (Array.isArray(value)) return value.map((item, i) => mapLeaves(item, visit, `${path}[${i}]`));
  if (isPlainObject(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, mapLeaves(item, visit, `${path}.${key}`)] as const,
    );
    return Object.fromEntries(entries);
  }
  return visit(path, value);
}

/** All tensors in nested arrays and plain objects, in order. */
export function tensorsIn(value: unknown): TensorLeaf[] {
  const leaves: TensorLeaf[] = [];
  mapLeaves(value, (path, item) => {
    if (isTensor(item)) leaves.push({ path, tensor: item });
    return null;
  });
  return leaves;
}

/**
 * @throws TypeError if a result is a promise: what happens after it returns cannot be recorded, and its tensors would
 *   be disposed too early.
 */
export function checkResult(name: string, result: unknown): void {
  if (result instanceof Promise)
    throw new TypeError(
      `compile: ${name} must be synchronous, but it returns a promise. Await outside of it.`,
    );
}
