import * as tf from '@tensorflow/tfjs-core';
import { assertCount, assertInRange, assertRows } from './checks';
import { expandRows } from './interpolate';
import type { Network } from './network';

/** How to walk from noise to data. */
export interface SampleOptions {
  /** Number of network evaluations (NFE), uniform in time. Default 1. */
  steps?: number;
  /** Decreasing times from the start to the end of the walk, e.g. [1, 0.3, 0]; instead of `steps`. */
  times?: readonly number[];
  /**
   * 'average': z_r = z_t - (t - r) u(z_t, r, t), exact for a MeanFlow network however long the step. Default.
   * 'instantaneous': Euler steps z_r = z_t - (t - r) v(z_t, t), v = u(., t, t), for a flow-matching network.
   */
  velocity?: 'average' | 'instantaneous';
}

/**
 * One step along the flow, z_r = z_t - (t - r) u(z_t, r, t).
 *
 * @param z Points at time t, [B, ...].
 * @param r Where to go, [B].
 * @param t Where z is, [B].
 * @param y Labels, int32 [B], or null.
 * @returns z_r, shaped like `z`. The caller owns it.
 * @throws RangeError if a vector's length is not B.
 * @see arXiv:2505.13447, Sec. 4.1, "Sampling".
 */
export function flowStep(
  network: Network,
  z: tf.Tensor,
  r: tf.Tensor1D,
  t: tf.Tensor1D,
  y: tf.Tensor1D | null = null,
): tf.Tensor {
  assertRows('flowStep', z.shape[0], { r, t, y });
  return tf.tidy(() => tf.sub(z, tf.mul(expandRows(tf.sub<tf.Tensor1D>(t, r), z.rank), network(z, r, t, y))));
}

/** The decreasing time grid that options ask for. */
function timeGrid(where: string, { steps = 1, times }: SampleOptions): readonly number[] {
  if (times === undefined) {
    assertCount(where, 'steps', steps);
    return Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps);
  }
  if (times.length < 2)
    throw new RangeError(`${where}: times must have at least 2 entries, got ${String(times.length)}.`);
  for (const [i, time] of times.entries()) {
    assertInRange(where, `times[${String(i)}]`, time, 0, 1);
    const before = times[i - 1];
    if (before !== undefined && before <= time) {
      throw new RangeError(
        `${where}: times must decrease, but times[${String(i)}] = ${String(time)} follows ${String(before)}. ` +
          'Noise is at 1, data at 0.',
      );
    }
  }
  return times;
}

/**
 * Draws samples: walks from noise to data, one network evaluation a step; a single step is x = e - u(e, 0, 1).
 *
 * There is no guidance here: a MeanFlow network has it trained in.
 *
 * @param noise Standard normal noise, [B, ...]. Borrowed.
 * @param y Labels, int32 [B], or null.
 * @returns Samples, shaped like `noise`. The caller owns them.
 * @throws RangeError if steps or times are out of range, or y has another length.
 * @see arXiv:2505.13447, Sec. 4.1, "Sampling".
 */
export function sample(
  network: Network,
  noise: tf.Tensor,
  y: tf.Tensor1D | null = null,
  options: SampleOptions = {},
): tf.Tensor {
  const batch = noise.shape[0];
  assertRows('sample', batch, { y });
  const grid = timeGrid('sample', options);
  const instantaneous = options.velocity === 'instantaneous';
  let z = tf.clone(noise);
  for (const [i, from] of grid.slice(0, -1).entries()) {
    const to = grid[i + 1] ?? 0;
    const next = tf.tidy(() => {
      const t = tf.fill<tf.Rank.R1>([batch], from);
      const u = network(z, instantaneous ? t : tf.fill<tf.Rank.R1>([batch], to), t, y);
      return tf.sub(z, tf.mul(u, from - to));
    });
    z.dispose();
    z = next;
  }
  return z;
}

/** How to walk from data to noise. */
export interface InvertOptions extends Pick<SampleOptions, 'steps' | 'times'> {
  /** Corrections of each step, at least 0; each costs one network evaluation. Default 4. */
  corrections?: number;
}

/**
 * Inversion: the noise from which `sample` would draw the given data, on the same grid (walked upwards).
 *
 * A step solves z_r = z_t - (t - r) u(z_t, r, t) for z_t by fixed-point iteration, from the Euler guess
 * z_r + (t - r) u(z_r, r, r). It converges where (t - r) times the Lipschitz constant of u is below 1: use more steps
 * if `sample(invert(x))` is not x.
 *
 * @param x Data, [B, ...]. Borrowed.
 * @param y Labels, int32 [B], or null.
 * @returns Noise, shaped like `x`. The caller owns it.
 * @throws RangeError as {@link sample}.
 */
export function invert(
  network: Network,
  x: tf.Tensor,
  y: tf.Tensor1D | null = null,
  options: InvertOptions = {},
): tf.Tensor {
  const batch = x.shape[0];
  const { corrections = 4 } = options;
  assertRows('invert', batch, { y });
  assertCount('invert', 'corrections', corrections, 0);
  const grid = [...timeGrid('invert', options)].reverse();
  let z = tf.clone(x);
  for (const [i, from] of grid.slice(0, -1).entries()) {
    const to = grid[i + 1] ?? 1;
    const next = tf.tidy(() => {
      const r = tf.fill<tf.Rank.R1>([batch], from);
      const t = tf.fill<tf.Rank.R1>([batch], to);
      const along = (u: tf.Tensor) => tf.add(z, tf.mul(u, to - from));
      let guess = along(network(z, r, r, y));
      for (let k = 0; k < corrections; k++) guess = along(network(guess, r, t, y));
      return guess;
    });
    z.dispose();
    z = next;
  }
  return z;
}
