import * as tf from '@tensorflow/tfjs-core';
import { isTensor, mapLeaves } from '../containers';

/**
 * What a recording depends on besides the values of tensors: structure, shapes and types, which variable, plain values.
 *
 * @throws TypeError if an argument is neither a tensor nor a plain value, since what it holds could change unseen.
 */
export function signatureOf(name: string, args: readonly unknown[]): string {
  const described = mapLeaves(args, (path, value) => {
    if (value instanceof tf.Variable) return { variable: value.id };
    if (isTensor(value)) return { shape: value.shape, dtype: value.dtype };
    if (value === undefined) return { undefined: true };
    if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
    if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return { value };
    throw new TypeError(
      `compile: arguments of ${name} must be tensors, plain values, or arrays and objects of them, but argument${path} ` +
        `is ${typeof value === 'object' ? `a ${value.constructor.name}` : `a ${typeof value}`}.`,
    );
  });
  return JSON.stringify(described);
}
