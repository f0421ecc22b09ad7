import * as tf from '@tensorflow/tfjs-core';
import type { Inputs } from '../inputs';

/** One tensor of the inputs on the active backend; the caller owns it. */
export function tensorOf({ tensors }: Inputs, name: string): tf.Tensor {
  const found = tensors[name];
  if (found === undefined) throw new Error(`internal: the inputs have no ${name}.`);
  const { dtype, shape, data } = found;
  return tf.tensor(data as Float32Array | Int32Array, [...shape], dtype === 'I32' ? 'int32' : 'float32');
}

/** The weights of the inputs by name; the caller owns them. */
export function weightsOf(inputs: Inputs): Record<string, tf.Tensor> {
  const prefix = 'weights/';
  const names = Object.keys(inputs.tensors).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), tensorOf(inputs, name)]));
}

/** The weights of the inputs as variables; the caller owns them. */
export function variablesOf(inputs: Inputs, trainable = true): Record<string, tf.Variable> {
  return tf.tidy(() =>
    Object.fromEntries(
      Object.entries(weightsOf(inputs)).map(
        ([name, value]) => [name, tf.variable(value, trainable)] as const,
      ),
    ),
  );
}
