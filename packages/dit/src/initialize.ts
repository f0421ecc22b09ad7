import { normals, uniforms } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import type { DiTConfig } from './config';
import { ditParameters } from './parameters';
import type { Parameter } from './parameters';

/**
 * Draws parameters on the host, each from a stream of its own keyed by seed and name: the values do not depend on the
 * backend, nor on which other parameters there are.
 *
 * @returns One tensor for each parameter, by name; the caller owns them.
 */
export function initialize(parameters: readonly Parameter[], seed: number): Record<string, tf.Tensor> {
  return Object.fromEntries(
    parameters.map((parameter) => [parameter.name, tf.tensor(drawn(parameter, seed), [...parameter.shape])]),
  );
}

function drawn({ name, shape, init }: Parameter, seed: number): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const stream = { seed, purpose: `init ${name}` };
  switch (init.kind) {
    case 'zeros':
      return new Float32Array(count);
    case 'normal':
      return normals(stream, count).map((n) => init.std * n);
    case 'xavierUniform': {
      const [fanIn = 1, fanOut = 1] = shape;
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      return uniforms(stream, count).map((u) => limit * (2 * u - 1));
    }
  }
}

/**
 * Initial weights of a DiT, as the published code draws them: dense layers of attention and MLP and the patch embedding
 * Xavier-uniform with zero bias, time MLPs and label table normal with deviation 0.02, all adaLN layers and the last
 * dense layer zero. A fresh network therefore returns zero for every input.
 *
 * @param config Shape of the network.
 * @param seed An integer in [0, 2^53); equal seeds give equal weights on every backend.
 * @returns Weights by name (see {@link ditParameters}); the caller owns them.
 * @throws RangeError if the configuration or the seed is not valid.
 * @see Peebles and Xie, arXiv:2212.09748, Sec. 3.2; the same values in the MeanFlow code, models/models_dit.py.
 */
export function initDiT(config: DiTConfig, seed: number): Record<string, tf.Tensor> {
  return initialize(ditParameters(config), seed);
}
