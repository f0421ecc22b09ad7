import { normals } from '@meanflow/core';
import type { Network, Objective } from '@meanflow/core';
import type { CompiledFunction, Program } from '@meanflow/compile';
import { inHalfPrecision } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { shardsFor } from './trainSettings';

/** What to draw. */
export interface SampleRequest {
  /** Class of each sample; null for a network without labels. */
  readonly labels: Int32Array | null;
  readonly count: number;
  /** Sample i starts from the noise of (seed, i), whatever else is drawn. */
  readonly seed: number;
  /** Network evaluations for each sample. */
  readonly nfe: number;
}

/** Turns noise, [B, ...], with labels, [B], into samples, in so many network evaluations. */
export type Sampler = CompiledFunction<[noise: tf.Tensor, y: tf.Tensor1D | null, nfe: number], tf.Tensor>;

/** How a sampler computes. */
export interface SamplerOptions {
  /** Parts of a batch that are drawn side by side where it is compiled. Default 1. */
  readonly cores?: number | undefined;
  /** Whether dense layers multiply in float16: see `inHalfPrecision` of `@meanflow/kernels`. Default false. */
  readonly half?: boolean;
}

/**
 * A sampler over weights that are variables.
 *
 * @param program Compiles it.
 * @param network The network over the weights as they are.
 */
export function samplerOf(
  program: Program,
  objective: Pick<Objective, 'sample'>,
  network: () => Network,
  { cores = 1, half = false }: SamplerOptions = {},
): Sampler {
  const draw = (noise: tf.Tensor, y: tf.Tensor1D | null, nfe: number) => {
    const parts = shardsFor(noise.shape[0], cores);
    const [noises, labels] = [tf.split(noise, parts), y === null ? [] : tf.split<tf.Tensor1D>(y, parts)];
    const drawn = noises.map((part, i) =>
      objective.sample(network(), part, labels[i] ?? null, { steps: nfe }),
    );
    return tf.concat(drawn);
  };
  return program.compile(function sample(...args: Parameters<typeof draw>) {
    return half ? inHalfPrecision(() => draw(...args)) : draw(...args);
  });
}

const ROWS_AT_ONCE = 100;

function noiseRows(sampleShape: readonly number[], first: number, rows: number, seed: number): tf.Tensor {
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const data = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    data.set(normals({ seed, purpose: 'sample', sample: first + row }, size), row * size);
  }
  return tf.tensor(data, [rows, ...sampleShape]);
}

/** What the sampler is called with for the samples from `first` on. */
function argumentsFrom(
  first: number,
  rows: number,
  sampleShape: readonly number[],
  { labels, seed, nfe }: SampleRequest,
): Parameters<Sampler> {
  const classes = labels && Int32Array.from({ length: rows }, (_, i) => labels[first + i] ?? 0);
  return [noiseRows(sampleShape, first, rows, seed), classes && tf.tensor1d(classes, 'int32'), nfe];
}

/** Has the sampler recorded for a request, so that a program that trains too need not be built again for it. */
export function prepareSampler(
  sampler: Sampler,
  sampleShape: readonly number[],
  request: SampleRequest,
): void {
  tf.tidy(() => {
    sampler.prepare(...argumentsFrom(0, Math.min(ROWS_AT_ONCE, request.count), sampleShape, request));
  });
}

/**
 * Draws samples, a hundred at a time. The last hundred is drawn in full, so that all have one shape, and cut.
 *
 * @param sampler Borrowed.
 * @param sampleShape Shape of one sample.
 * @returns Pieces on the host, [rows, ...sampleShape]; the caller owns them.
 */
export async function* drawInParts(
  sampler: Sampler,
  sampleShape: readonly number[],
  request: SampleRequest,
): AsyncGenerator<Float32Array> {
  const { count } = request;
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const rows = Math.min(ROWS_AT_ONCE, count);
  for (let first = 0; first < count; first += rows) {
    const drawn = tf.tidy(() => sampler(...argumentsFrom(first, rows, sampleShape, request)));
    try {
      const data = await drawn.data<'float32'>();
      yield data.subarray(0, (count - first) * size);
    } finally {
      drawn.dispose();
    }
  }
}

/**
 * Draws samples.
 *
 * @param sampler Borrowed.
 * @param sampleShape Shape of one sample.
 * @returns [count, ...sampleShape] on the host.
 */
export async function drawSamples(
  sampler: Sampler,
  sampleShape: readonly number[],
  request: SampleRequest,
): Promise<Float32Array> {
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const all = new Float32Array(request.count * size);
  let at = 0;
  for await (const part of drawInParts(sampler, sampleShape, request)) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
