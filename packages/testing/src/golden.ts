import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors } from '@meanflow/safetensors';
import * as tf from '@tensorflow/tfjs';

/** A golden file: what the reference computed, with the configuration that it used. */
export interface Golden {
  /** The hyper-parameters, as the reference names them. */
  config: Record<string, unknown>;
  /** Names of all tensors in the file. */
  names: string[];
  /** Values of one tensor. */
  data(name: string): Float32Array | Int32Array;
  /** Shape of one tensor. */
  shape(name: string): number[];
  /** One tensor on the active backend; the caller owns it. */
  tensor<T extends tf.Tensor = tf.Tensor>(name: string): T;
}

/**
 * Reads a golden file from a package's `golden` folder.
 *
 * @param testUrl `import.meta.url` of a test in the package's `src`.
 * @param file Name without folder, e.g. `dit_forward_a.safetensors`.
 */
export function golden(testUrl: string, file: string): Golden {
  const { tensors, metadata } = decodeSafetensors(
    readFileSync(fileURLToPath(new URL(`../golden/${file}`, testUrl))),
  );
  const find = (name: string) => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new Error(`golden: ${file} has no tensor ${name}.`);
    return tensor;
  };
  return {
    config: JSON.parse(metadata['config'] ?? '{}') as Record<string, unknown>,
    names: Object.keys(tensors),
    data: (name) => find(name).data as Float32Array | Int32Array,
    shape: (name) => [...find(name).shape],
    tensor: <T extends tf.Tensor>(name: string) => {
      const { data, shape, dtype } = find(name);
      return tf.tensor(data as Float32Array, [...shape], dtype === 'I32' ? 'int32' : 'float32') as T;
    },
  };
}
