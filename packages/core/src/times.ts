import { normals, uniforms } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { assertCount, assertInRange } from './checks';

/** How times are drawn. */
export interface TimeSamplerOptions {
  /** Distribution of a single time: sigmoid(N(mean, std^2)) or uniform on [0, 1). Default 'logit-normal'. */
  distribution?: 'logit-normal' | 'uniform';
  /** Mean before the sigmoid, for 'logit-normal'. Default -0.4. */
  mean?: number;
  /** Standard deviation before the sigmoid, for 'logit-normal', at least 0. Default 1. */
  std?: number;
  /** Share of the batch with r = t (plain flow matching), in [0, 1]; the count is rounded down. Default 0.75. */
  instantFraction?: number;
}

/** Options with all defaults filled in. */
export type TimeSampler = Required<TimeSamplerOptions>;

/** Times of a batch on the host. */
export interface HostTimes {
  /** Interval ends, [B]: the larger of two draws. */
  t: Float32Array;
  /** Interval starts, [B]: the smaller draw, or t in the first `instantRows` rows. */
  r: Float32Array;
  /** Number of leading rows with r = t. */
  instantRows: number;
}

/** Times of a batch as tensors, owned by whoever receives them. */
export interface TimePair {
  t: tf.Tensor1D;
  r: tf.Tensor1D;
}

/** Checks options and fills in the defaults; `where` begins the error message. */
export function resolveTimeSampler(where: string, options: TimeSamplerOptions = {}): TimeSampler {
  const { distribution = 'logit-normal', mean = -0.4, std = 1, instantFraction = 0.75 } = options;
  if (!['logit-normal', 'uniform'].includes(distribution)) {
    throw new RangeError(
      `${where}: distribution must be 'logit-normal' or 'uniform', got '${distribution}'.`,
    );
  }
  assertInRange(where, 'mean', mean, -Number.MAX_VALUE, Number.MAX_VALUE);
  assertInRange(where, 'std', std, 0, Infinity);
  assertInRange(where, 'instantFraction', instantFraction, 0, 1, 'It is a share of the batch, not a count.');
  return { distribution, mean, std, instantFraction };
}

/** One time from one draw: sigmoid(mean + std a) of a normal a, or a uniform number as it is. */
function timeOf(draw: number, { distribution, mean, std }: TimeSampler): number {
  return distribution === 'uniform' ? draw : 1 / (1 + Math.exp(-(mean + std * draw)));
}

/**
 * Pairs of times from raw draws: t is the larger, r the smaller of two, and r = t in the first
 * floor(B * instantFraction) rows.
 *
 * The published code sets r := t for a fixed number of leading rows, not by a coin for each row, and after sorting:
 * the t of such a row is still the larger of two draws.
 *
 * @param first Raw draws, [B]: N(0, 1) for 'logit-normal', U(0, 1) for 'uniform'.
 * @param second As `first`, independent of it.
 * @throws RangeError if an option is out of range.
 * @see Gsunshine/meanflow, meanflow.py, sample_tr; arXiv:2505.13447, Sec. 4.3.
 */
export function timesFromDraws(
  first: Float32Array,
  second: Float32Array,
  options: TimeSamplerOptions = {},
): HostTimes {
  const sampler = resolveTimeSampler('timesFromDraws', options);
  const instantRows = Math.floor(first.length * sampler.instantFraction);
  const t = new Float32Array(first.length);
  const r = new Float32Array(first.length);
  for (let i = 0; i < first.length; i++) {
    const a = timeOf(first[i] ?? NaN, sampler);
    const b = timeOf(second[i] ?? NaN, sampler);
    t[i] = Math.max(a, b);
    r[i] = i < instantRows ? (t[i] ?? 0) : Math.min(a, b);
  }
  return { t, r, instantRows };
}

/** Times of a batch on the host, row i from its own stream: the same whatever the batch size. */
export function drawTimes(
  batch: number,
  key: { seed: number; step: number },
  sampler: TimeSampler,
): HostTimes {
  const draw = sampler.distribution === 'uniform' ? uniforms : normals;
  const first = new Float32Array(batch);
  const second = new Float32Array(batch);
  for (let sample = 0; sample < batch; sample++) {
    [first[sample], second[sample]] = draw({ ...key, purpose: 'time', sample }, 2) as unknown as [
      number,
      number,
    ];
  }
  return timesFromDraws(first, second, sampler);
}

/**
 * Draws the times of a batch for a training loop of your own.
 *
 * @param batch Number of rows B, at least 1.
 * @param seed Integer in [0, 2^53); the same seed gives the same times on every backend.
 * @returns t and r, [B] each, r <= t; the caller owns them.
 * @throws RangeError if an argument is out of range.
 * @see {@link timesFromDraws} for the distribution.
 */
export function sampleTimes(batch: number, seed: number, options: TimeSamplerOptions = {}): TimePair {
  assertCount('sampleTimes', 'batch', batch);
  const { t, r } = drawTimes(batch, { seed, step: 0 }, resolveTimeSampler('sampleTimes', options));
  return { t: tf.tensor1d(t), r: tf.tensor1d(r) };
}
