import { stopGradient } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { assertInRange } from './checks';
import { expandRows } from './interpolate';
import type { Network } from './network';

/** Guidance that is trained into the network, so that sampling costs one evaluation. */
export interface GuidanceOptions {
  /** Guidance scale, at least 0; 1 with kappa 0 is no guidance. Default 1. */
  omega?: number;
  /** Mixing scale: share of the network's own class-conditional velocity, in [0, 1). Default 0. */
  kappa?: number;
  /** Guidance applies for t in [tStart, tEnd], bounds included. Default 0. */
  tStart?: number;
  /** See `tStart`. Default 1. */
  tEnd?: number;
}

/** Options with all defaults filled in. */
export type Guidance = Required<GuidanceOptions>;

/** Checks options and fills in the defaults; null if they amount to no guidance. */
export function resolveGuidance(where: string, options: GuidanceOptions | null | undefined): Guidance | null {
  if (options == null) return null;
  const { omega = 1, kappa = 0, tStart = 0, tEnd = 1 } = options;
  assertInRange(where, 'guidance.omega', omega, 0, Infinity);
  assertInRange(where, 'guidance.kappa', kappa, 0, 1);
  assertInRange(where, 'guidance.tStart', tStart, 0, 1);
  assertInRange(where, 'guidance.tEnd', tEnd, tStart, 1, 'The interval is [tStart, tEnd].');
  return omega === 1 && kappa === 0 ? null : { omega, kappa, tStart, tEnd };
}

/** Guidance needs labels. */
export function assertGuidable(where: string, guidance: Guidance | null, numClasses: number): void {
  if (guidance === null || numClasses > 0) return;
  throw new RangeError(
    `${where}: guidance must be null when numClasses is 0, for it mixes velocities with and without label.`,
  );
}

/**
 * Effective guidance scale of training with a mixing scale: omega / (1 - kappa).
 *
 * @see arXiv:2505.13447, Sec. 4.2 and appendix, "improved CFG".
 */
export function effectiveGuidance({ omega, kappa }: Pick<Guidance, 'omega' | 'kappa'>): number {
  return omega / (1 - kappa);
}

/**
 * Guided velocity, v_g = omega' v + (1 - omega' - kappa') u(z, t, t, null) + kappa' u(z, t, t, y).
 *
 * (omega', kappa') is (omega, kappa) for rows with t in [tStart, tEnd] and a label, (1, 0) for the others, where
 * v_g = v. The network's evaluations share one batch and carry no gradient, so v_g is a constant.
 *
 * @param network The network with its present weights (not the averaged ones).
 * @param v Conditional velocity e - x, [B, ...].
 * @param z Interpolant, shaped like `v`.
 * @param t Times, [B].
 * @param y True labels, int32 [B].
 * @param yNull The label that stands for none.
 * @param drop 1 for rows whose label is dropped, else 0, [B].
 * @returns v_g, shaped like `v`. The caller owns it.
 * @see arXiv:2505.13447, Sec. 4.2; Gsunshine/meanflow, meanflow.py. The published code tests
 *   only t against the interval, which we follow.
 */
export function guidedVelocity(
  network: Network,
  v: tf.Tensor,
  z: tf.Tensor,
  t: tf.Tensor1D,
  y: tf.Tensor1D,
  yNull: number,
  drop: tf.Tensor1D,
  { omega, kappa, tStart, tEnd }: Guidance,
): tf.Tensor {
  return stopGradient(() => {
    const inside = tf.logicalAnd(tf.greaterEqual(t, tStart), tf.lessEqual(t, tEnd));
    const guided = tf.mul<tf.Tensor1D>(tf.cast(inside, 'float32'), tf.sub(1, drop)); // [B], 1 where guidance applies
    const scaled = (coefficient: number, u: tf.Tensor) =>
      tf.mul(expandRows(tf.mul<tf.Tensor1D>(guided, coefficient), z.rank), u);
    const omegaRows = tf.add<tf.Tensor1D>(tf.mul(guided, omega - 1), 1);
    let sum = tf.mul(expandRows(omegaRows, z.rank), v);
    const { unconditional, conditional } = velocities(
      network,
      z,
      t,
      y,
      yNull,
      1 - omega - kappa !== 0,
      kappa !== 0,
    );
    if (unconditional !== null) sum = tf.add(sum, scaled(1 - omega - kappa, unconditional));
    if (conditional !== null) sum = tf.add(sum, scaled(kappa, conditional));
    return sum;
  });
}

/** The instantaneous velocities without and with label, as far as they are wanted, in one evaluation. */
function velocities(
  network: Network,
  z: tf.Tensor,
  t: tf.Tensor1D,
  y: tf.Tensor1D,
  yNull: number,
  wantUnconditional: boolean,
  wantConditional: boolean,
): { unconditional: tf.Tensor | null; conditional: tf.Tensor | null } {
  const nulls = tf.fill<tf.Rank.R1>([y.size], yNull, 'int32');
  if (!wantConditional) {
    return { unconditional: wantUnconditional ? network(z, t, t, nulls) : null, conditional: null };
  }
  if (!wantUnconditional) return { unconditional: null, conditional: network(z, t, t, y) };
  const twice = <T extends tf.Tensor>(x: T) => tf.concat<T>([x, x]);
  const both = network(twice(z), twice(t), twice(t), tf.concat<tf.Tensor1D>([nulls, y]));
  const [unconditional, conditional] = tf.split(both, 2) as [tf.Tensor, tf.Tensor];
  return { unconditional, conditional };
}
