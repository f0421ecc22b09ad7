import * as tf from '@tensorflow/tfjs-core';

/** Weights by name, e.g. `blocks.0.attn.qkv.kernel`. Averages, gradients and moments are records of the same names. */
export type Weights = Record<string, tf.Tensor>;

/** A float32 array with its shape, on the host. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** {@link Weights} on the host. */
export type HostWeights = Record<string, HostTensor>;

/** Name and shape of a weight that a model has. */
export interface WeightShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Reads weights to the host. Borrows them. */
export async function readWeights(weights: Readonly<Weights>): Promise<HostWeights> {
  const read = Object.entries(weights).map(async ([name, tensor]): Promise<[string, HostTensor]> => {
    const data = await tensor.data<'float32'>();
    return [name, { shape: [...tensor.shape], data }];
  });
  return Object.fromEntries(await Promise.all(read));
}

/**
 * Puts weights from the host onto the active backend.
 *
 * @param host Borrowed.
 * @returns Tensors that the caller owns.
 */
export function toWeights(host: Readonly<HostWeights>): Weights {
  return Object.fromEntries(
    Object.entries(host).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape], 'float32')]),
  );
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/**
 * Checks that weights are those of a model: no name missing, none unexpected, every shape equal.
 *
 * @param expected The model's parameters, e.g. `ditParameters(config)`.
 * @param found Weights read from a file, or tensors.
 * @param source Where the weights are from, for the message, e.g. a file's name.
 * @throws RangeError that says in one sentence what is missing, unexpected or of another shape.
 */
export function checkWeights(
  expected: readonly WeightShape[],
  found: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  source: string,
): void {
  const names = new Set(expected.map(({ name }) => name));
  const missing = [...names].filter((name) => !Object.hasOwn(found, name));
  const unexpected = Object.keys(found).filter((name) => !names.has(name));
  const misshaped = expected.flatMap(({ name, shape }) => {
    const other = Object.hasOwn(found, name) ? found[name]?.shape : undefined;
    if (other === undefined || (other.length === shape.length && shape.every((n, i) => n === other[i])))
      return [];
    return [`${name} has [${other.join(', ')}] instead of [${shape.join(', ')}]`];
  });
  const problems = [
    ...(missing.length > 0 ? [`lacks ${listNames(missing)}`] : []),
    ...(unexpected.length > 0 ? [`has unexpected ${listNames(unexpected)}`] : []),
    ...(misshaped.length > 0 ? [`differs in shape: ${listNames(misshaped)}`] : []),
  ];
  if (problems.length > 0) {
    throw new RangeError(
      `checkWeights: ${source} must hold the weights of this model, but it ${problems.join(', ')}. Was it made with another configuration?`,
    );
  }
}
