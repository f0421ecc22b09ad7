import * as tf from '@tensorflow/tfjs-core';
import { mapTensors, visitPairs } from './containers';
import type { Tangents } from './containers';
import { Level } from './level';
import { offTape, withLevel } from './trace';

/** Options of {@link jvp}. */
export interface JvpOptions {
  /**
   * Whether the tangent may be differentiated by an enclosing `tf.grad` or `tf.variableGrads` (reverse over forward).
   * Default false: to the reverse tape the tangent is a constant, and nothing is kept for its sake.
   */
  differentiable?: boolean;
}

/** A function's value and its derivative in one direction. */
export interface JvpResult<R> {
  /** f(primals), as f returned it. */
  value: R;
  /** J_f(primals) tangents, in the structure of `value`. Integer results have a zero tangent in float32. */
  tangent: R;
}

/**
 * Jacobian-vector product: f(x) and J_f(x) d in one pass through f, by forward-mode differentiation.
 *
 * Inside `tf.grad` or `tf.variableGrads` the value is differentiated as usual, while the tangent is a constant unless
 * `differentiable` is set. Calls nest: `jvp` of a function that calls `jvp` or `tf.grad` gives higher derivatives.
 * Tensors that f uses without receiving them as arguments are constants. Integer and boolean intermediate results
 * have derivative zero. Where tfjs-core has a gradient, both directions agree: <w, J d> = <J^T w, d>.
 *
 * @param f Synchronous function of tensors, made of tfjs operations. Its intermediate results are disposed.
 * @param primals Arguments of f: a list of tensors, or of lists and records of tensors. Borrowed.
 * @param tangents Direction, in the structure of `primals`, of equal shapes; null, at any depth, is zero. Borrowed.
 * @returns Value and tangent, both owned by the caller.
 * @throws TypeError if structures or dtypes do not fit, or f is asynchronous; RangeError if shapes differ; Error if a
 *   differentiated value reaches a kernel without a rule (see {@link registerJvp}).
 * @see Griewank and Walther, "Evaluating Derivatives", 2008, Sec. 3.1; as used in MeanFlow, arXiv:2505.13447, Sec. 4.1.
 */
export function jvp<A extends readonly unknown[], R>(
  f: (...args: NoInfer<A>) => R,
  primals: readonly [...A],
  tangents: { readonly [K in keyof A]: Tangents<A[K]> },
  options: JvpOptions = {},
): JvpResult<R> {
  if (!Array.isArray(primals))
    throw new TypeError('jvp: primals must be a list with one entry for each argument of f.');
  const level = new Level({ differentiable: options.differentiable ?? false });
  try {
    return tf.tidy(() => {
      // Clones, so that an argument is told apart from the same tensor passed twice or captured by f.
      const args = mapTensors(primals, (primal) => tf.clone(primal)) as [...A];
      const borrow = (primal: tf.Tensor, tangent: tf.Tensor, path: string) => {
        checkPair(primal, tangent, path);
        level.borrow(primal, tangent);
      };
      visitPairs(args, tangents, borrow);
      const value = withLevel(level, () => f(...args));
      checkSynchronous(value);
      const tangentOf = (y: tf.Tensor) => tangentResult(level, y);
      const tangent = level.differentiable
        ? mapTensors(value, tangentOf)
        : offTape(() => mapTensors(value, tangentOf));
      return { value, tangent } as unknown as tf.TensorContainer;
    }) as unknown as JvpResult<R>;
  } finally {
    level.dispose();
  }
}

/** A tensor for the caller: a clone of the level's tangent, or zeros. */
function tangentResult(level: Level, y: tf.Tensor): tf.Tensor {
  const tangent = level.get(y);
  return tangent === undefined ? tf.zeros(y.shape, 'float32') : tf.clone(tangent);
}

function checkPair(primal: tf.Tensor, tangent: tf.Tensor, path: string): void {
  if (primal.dtype !== 'float32' && primal.dtype !== 'complex64') {
    throw new TypeError(
      `jvp: a tangent needs a float32 primal, but primals${path} is ${primal.dtype}. Pass null as its tangent.`,
    );
  }
  if (tangent.dtype !== primal.dtype) {
    throw new TypeError(
      `jvp: tangents${path} must be ${primal.dtype}, like its primal, got ${tangent.dtype}.`,
    );
  }
  if (!tf.util.arraysEqual(primal.shape, tangent.shape)) {
    throw new RangeError(
      `jvp: tangents${path} must have the shape of its primal, [${primal.shape.join(', ')}], got ` +
        `[${tangent.shape.join(', ')}].`,
    );
  }
}

function checkSynchronous(value: unknown): void {
  if (!(value instanceof Promise)) return;
  value.catch(() => undefined); // the rejection that matters is ours
  throw new TypeError(
    'jvp: f must be synchronous, but it returned a promise. Await data before or after the call.',
  );
}
