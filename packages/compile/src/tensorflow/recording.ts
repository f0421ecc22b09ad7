import type * as tf from '@tensorflow/tfjs-core';
import type { OpAttr } from './nodeBackend';
import type { Place } from '../recording/place';

/** A tensor that a recorded function found: neither argument nor variable nor made by an operation. */
export interface Constant {
  /** DataType of TensorFlow. */
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Where an operation's input comes from. */
export type Source =
  | { readonly kind: 'op'; readonly op: number; readonly output: number }
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'variable'; readonly variable: tf.Variable }
  | { readonly kind: 'constant'; readonly constant: Constant };

/** Shape and type of a tensor. */
export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

/** One operation of TensorFlow as it was executed. */
export interface RecordedOp {
  /** Name in TensorFlow. */
  readonly op: string;
  readonly attrs: readonly OpAttr[];
  readonly inputs: readonly Source[];
  readonly outputs: readonly TensorSpec[];
  /** What has to be computed before, besides the inputs; null if nothing. */
  readonly after: Source | null;
  readonly place: Place;
  /** What `fused` marks operations with; null outside of it. */
  readonly mark: object | null;
}

/** What one eager run of a function did. */
export interface Recording {
  readonly ops: readonly RecordedOp[];
  readonly arguments: readonly TensorSpec[];
  /** The tensors of the result, in the order of its container. */
  readonly results: readonly { readonly path: string; readonly source: Source }[];
  /** The result with null for each tensor. */
  readonly skeleton: unknown;
  /** New values of variables. */
  readonly assigned: ReadonlyMap<tf.Variable, Source>;
}

/** All variables that a recording reads or assigns. */
export function variablesOf({ ops, results, assigned }: Recording): Set<tf.Variable> {
  const variables = new Set(assigned.keys());
  const add = (source: Source) => {
    if (source.kind === 'variable') variables.add(source.variable);
  };
  for (const op of ops) op.inputs.forEach(add);
  for (const { source } of results) add(source);
  for (const source of assigned.values()) add(source);
  return variables;
}
