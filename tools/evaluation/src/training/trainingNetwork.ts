import { convNet, convNetParameters } from '@meanflow/eval';
import type { ConvLayer, ConvNetConfig, ConvNetOutput } from '@meanflow/eval';
import { uniforms } from '@meanflow/random';
import type { HostWeights, Weights } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs-core';
import { batchNorm, channelMoments, EPSILON } from './batchNorm';
import type { Moments } from './batchNorm';

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** Whether a weight is of a convolution: there the bias is one of the normalisation, whose scale comes besides. */
const isConvolution = (name: string) => name.startsWith('stages.');

/** Weights at the start: kernels uniform with variance 2 / fanIn, scales 1, biases 0. */
export function initialWeights(config: ConvNetConfig, seed: number): HostWeights {
  const entries = convNetParameters(config).flatMap(
    ({ name, shape }, sample): [string, HostWeights[string]][] => {
      const zeros = { shape, data: new Float32Array(sizeOf(shape)) };
      if (name.endsWith('.bias')) {
        const scale = { shape, data: new Float32Array(sizeOf(shape)).fill(1) };
        return [
          [name, zeros],
          ...(isConvolution(name)
            ? [[name.replace('.bias', '.scale'), scale] as [string, typeof scale]]
            : []),
        ];
      }
      const bound = Math.sqrt(6 / sizeOf(shape.slice(0, -1))) * (name === 'classes.kernel' ? 0.1 : 1);
      const data = uniforms({ seed, purpose: 'weights', sample }, sizeOf(shape)).map(
        (u) => (2 * u - 1) * bound,
      );
      return [[name, { shape, data }]];
    },
  );
  return Object.fromEntries(entries);
}

function convolve(weights: Weights, x: tf.Tensor4D, name: string, stride: number): tf.Tensor4D {
  return tf.conv2d(x, weights[`${name}.kernel`] as tf.Tensor4D, stride, 'same');
}

/** The network in training: each convolution is normalised over its batch. */
export function trainingNetwork(config: ConvNetConfig, weights: Weights, images: tf.Tensor4D): ConvNetOutput {
  const layer: ConvLayer = (x, name, stride) => {
    const y = convolve(weights, x, name, stride);
    return tf.relu(
      batchNorm(y, weights[`${name}.scale`] as tf.Tensor1D, weights[`${name}.bias`] as tf.Tensor1D),
    );
  };
  return convNet(config, weights, images, layer);
}

/** Mean and variance of each convolution's results for one batch, by its name; tensors that the caller owns. */
export function batchMoments(
  config: ConvNetConfig,
  weights: Weights,
  images: tf.Tensor4D,
): Record<string, Moments> {
  const moments: Record<string, Moments> = {};
  return tf.tidy(() => {
    const layer: ConvLayer = (x, name, stride) => {
      const y = convolve(weights, x, name, stride);
      const { mean, variance } = (moments[name] = channelMoments(y));
      const normal = tf.mul(tf.sub(y, mean), tf.rsqrt(tf.add(variance, EPSILON)));
      const scaled = tf.mul(normal, weights[`${name}.scale`] as tf.Tensor1D);
      return tf.relu(tf.add<tf.Tensor4D>(scaled, weights[`${name}.bias`] as tf.Tensor1D));
    };
    convNet(config, weights, images, layer);
    return moments;
  });
}

/**
 * The weights of inference: a convolution's normalisation, with given mean and variance, becomes part of its kernel and
 * its bias, kernel' = kernel s and bias' = bias - mean s with s = scale / sqrt(variance + epsilon).
 *
 * @param moments Mean and variance by the convolution's name.
 */
export function foldNormalisation(
  weights: HostWeights,
  moments: Readonly<Record<string, { mean: Float32Array; variance: Float32Array }>>,
): HostWeights {
  const entries = Object.entries(weights).flatMap(
    ([name, { shape, data }]): [string, HostWeights[string]][] => {
      const [, layer = name, part = ''] = /^(.*)\.(\w+)$/.exec(name) ?? [];
      const statistics = moments[layer];
      if (statistics === undefined) return [[name, { shape, data }]];
      if (part === 'scale') return [];
      const scale = weights[`${layer}.scale`]?.data ?? new Float32Array();
      const factor = Float64Array.from(
        scale,
        (s, c) => s / Math.sqrt((statistics.variance[c] ?? 0) + EPSILON),
      );
      const width = factor.length;
      const folded =
        part === 'kernel'
          ? data.map((value, i) => value * (factor[i % width] ?? 0))
          : data.map((value, c) => value - (statistics.mean[c] ?? 0) * (factor[c] ?? 0));
      return [[name, { shape, data: folded }]];
    },
  );
  return Object.fromEntries(entries);
}
