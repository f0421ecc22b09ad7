import type * as tf from '@tensorflow/tfjs-core';
import type { Place } from '../recording/place';

/** Memory that a recording uses: what of it is a buffer, and which, is decided when all is known. */
export type Memory =
  | { readonly kind: 'temporary'; readonly id: number; readonly size: number }
  | { readonly kind: 'argument'; readonly index: number; readonly size: number }
  | { readonly kind: 'variable'; readonly variable: tf.Variable; readonly size: number }
  | Constant;

/** Numbers that were the same in the first call and in the second. */
export interface Constant {
  readonly kind: 'constant';
  readonly size: number;
  /** As far as they are known on the host. */
  readonly bytes: Uint8Array | null;
  /** The buffer of a tensor outside of the function, which is read when the recording is built; null for `bytes`. */
  readonly buffer: GPUBuffer | null;
  readonly isUniform: boolean;
}

/** A dispatch of a compute shader. */
interface Dispatch {
  readonly kind: 'dispatch';
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly Binding[];
  readonly workgroups: readonly [number, number, number];
  readonly place: Place;
}

export interface Binding {
  readonly binding: number;
  readonly memory: Memory;
  readonly offset: number;
  readonly size: number;
}

/** A copy between buffers. */
interface Copy {
  readonly kind: 'copy';
  readonly from: Memory;
  readonly fromOffset: number;
  readonly to: Memory;
  readonly toOffset: number;
  readonly size: number;
  readonly place: Place;
}

/** Memory that is filled with one word: a constant too large to be kept. */
interface Fill {
  readonly kind: 'fill';
  readonly to: Memory;
  readonly word: number;
  readonly place: Place;
}

export type Command = Dispatch | Copy | Fill;

/** A tensor that a call returns or gives to a variable. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  /** Where its numbers are; on the host if the function never brought them to the device. */
  readonly source: Memory | { readonly kind: 'host'; readonly values: tf.backend_util.BackendValues };
}

/** What one run of a function asked the device for. */
export interface Recording {
  readonly commands: readonly Command[];
  readonly arguments: readonly { readonly shape: readonly number[]; readonly dtype: tf.DataType }[];
  readonly results: readonly (Value & { readonly path: string })[];
  /** The result with null for each tensor. */
  readonly skeleton: unknown;
  /** New values of variables. */
  readonly assigned: ReadonlyMap<tf.Variable, Value>;
}

/** All memory that a command reads or writes. */
export function memoryOf(command: Command): Memory[] {
  if (command.kind === 'dispatch') return command.bindings.map(({ memory }) => memory);
  return command.kind === 'copy' ? [command.from, command.to] : [command.to];
}

/** All variables that a recording reads or assigns. */
export function variablesOf({ commands, results, assigned }: Recording): Set<tf.Variable> {
  const variables = new Set(assigned.keys());
  const add = (source: Value['source']) => {
    if (source.kind === 'variable') variables.add(source.variable);
  };
  for (const command of commands) memoryOf(command).forEach(add);
  for (const { source } of results) add(source);
  for (const { source } of assigned.values()) add(source);
  return variables;
}
