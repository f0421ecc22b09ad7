import type * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from './parameters';

/** The parameters of a network, or their averages, gradients or moments, by name. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** A network: average velocity u(z, r, t, y). */
export type Network = (z: tf.Tensor, r: tf.Tensor1D, t: tf.Tensor1D, y: tf.Tensor1D | null) => tf.Tensor;

/** One weight of a record that {@link checkWeights} has passed. */
export function weightOf(weights: Weights, name: string): tf.Tensor {
  const weight = weights[name];
  if (weight === undefined) throw new Error(`internal: no weight ${name}.`);
  return weight;
}

/**
 * Checks that weights are those of a network, all of them and no others.
 *
 * @throws RangeError naming the first weight that is missing, of another shape or not of this network.
 */
export function checkWeights(name: string, parameters: readonly Parameter[], weights: Weights): void {
  for (const parameter of parameters) {
    const weight = weights[parameter.name];
    if (weight === undefined) {
      throw new RangeError(
        `${name}: weights must hold ${parameter.name}, which is missing. Is the config the one they were made for?`,
      );
    }
    if (weight.shape.join() !== parameter.shape.join()) {
      throw new RangeError(
        `${name}: weights['${parameter.name}'] must be [${parameter.shape.join(', ')}], got [${weight.shape.join(', ')}].`,
      );
    }
  }
  const known = new Set(parameters.map((parameter) => parameter.name));
  const stranger = Object.keys(weights).find((key) => !known.has(key));
  if (stranger !== undefined) {
    throw new RangeError(
      `${name}: weights hold ${stranger}, which this network does not have. Is the config the one they were made for?`,
    );
  }
}
