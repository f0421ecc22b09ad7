import * as tf from '@tensorflow/tfjs-core';

/** The tangents of a container of tensors: the same structure, where null stands for zero, at any depth. */
export type Tangents<T> = T extends tf.Tensor
  ? tf.Tensor | null
  : { readonly [K in keyof T]: Tangents<T[K]> } | null;

/** Whether a value is a tensor of any type. */
export function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/** Applies `f` to every tensor of a container and returns the results in the same structure. */
export function mapTensors(container: unknown, f: (tensor: tf.Tensor) => unknown): unknown {
  if (isTensor(container)) return f(container);
  if (Array.isArray(container)) return container.map((item) => mapTensors(item, f));
  if (isRecord(container)) {
    return Object.fromEntries(Object.entries(container).map(([name, item]) => [name, mapTensors(item, f)]));
  }
  return container; // numbers, strings, null: not differentiated
}

/** Calls `visit` for every tensor of `primals` with its tangent; `path` names the place, e.g. `[1].weights`. */
export function visitPairs(
  primals: unknown,
  tangents: unknown,
  visit: (primal: tf.Tensor, tangent: tf.Tensor, path: string) => void,
  path = '',
): void {
  if (tangents == null) return;
  if (isTensor(primals)) {
    if (!isTensor(tangents)) {
      throw new TypeError(
        `jvp: tangents${path} must be a tensor or null, like primals${path}, got ${describe(tangents)}.`,
      );
    }
    visit(primals, tangents, path);
    return;
  }
  if (Array.isArray(primals)) {
    if (!Array.isArray(tangents) || tangents.length !== primals.length) {
      throw new TypeError(
        `jvp: tangents${path} must be a list of ${String(primals.length)}, like primals${path}, got ${describe(tangents)}. ` +
          'Use null for a zero tangent.',
      );
    }
    for (const [i, item] of primals.entries()) visitPairs(item, tangents[i], visit, `${path}[${String(i)}]`);
    return;
  }
  if (!isRecord(primals) || !isRecord(tangents)) {
    throw new TypeError(
      `jvp: tangents${path} must have the structure of primals${path}, got ${describe(tangents)}.`,
    );
  }
  for (const [name, tangent] of Object.entries(tangents)) {
    if (!(name in primals)) throw new TypeError(`jvp: tangents${path}.${name} has no primal of that name.`);
    visitPairs(primals[name], tangent, visit, `${path}.${name}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${String(value.length)}`;
  if (isTensor(value)) return `a tensor of shape [${value.shape.join(', ')}]`;
  return typeof value;
}
