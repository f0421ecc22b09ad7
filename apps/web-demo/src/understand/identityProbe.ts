import { meanFlowTerms, timesFromDraws } from '@meanflow/core';
import type { Network, TimeSamplerOptions } from '@meanflow/core';
import { normals, uniforms } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { exactVelocity } from './exactVelocity';
import { someOf } from './planeData';

/** A fixed batch on which networks are held against the MeanFlow identity. */
export interface IdentityProbe {
  /**
   * Mean of |u - (v - (t - r) du/dt)| over the batch, with the exact velocity v of the flow and the total derivative
   * du/dt = v du/dz + du/dt by forward mode: zero for the true average velocity, and for nothing else that is smooth.
   *
   * @returns A scalar; the caller owns it.
   */
  residual(network: Network): tf.Scalar;
  /**
   * The flow-matching loss that the exact velocity itself has, mean |v - (e - x)|^2: what no network can go below, for
   * paths of different pairs cross.
   */
  readonly leastLoss: number;
  dispose(): void;
}

/** Least time of the probe: below it the exact velocity is that of single points, which nothing smooth should learn. */
const earliest = 0.05;

/**
 * Makes a probe for points.
 *
 * @param points Data, [N, 2] row by row.
 * @param times How training draws times; the probe's are drawn likewise, all with r < t.
 * @param rows Size of the batch. Default 384.
 * @returns The caller disposes it.
 */
export function createIdentityProbe(
  points: Float32Array,
  seed: number,
  times: TimeSamplerOptions,
  rows = 384,
): IdentityProbe {
  const draw = times.distribution === 'uniform' ? uniforms : normals;
  const raw = draw({ seed, purpose: 'probe time' }, 2 * rows);
  const drawn = timesFromDraws(raw.subarray(0, rows), raw.subarray(rows), { ...times, instantFraction: 0 });
  const t = drawn.t.map((time) => Math.max(time, earliest));
  const r = drawn.r;
  const e = normals({ seed, purpose: 'probe noise' }, 2 * rows);
  const x = someOf(points, rows);
  const z = e.map((noise, i) => (1 - at(t, i)) * (x[i % x.length] ?? 0) + at(t, i) * noise);
  const v = exactVelocity(points, z, t);
  const squares = v.reduce((sum, value, i) => sum + (value - ((e[i] ?? 0) - (x[i % x.length] ?? 0))) ** 2, 0);
  const tensors = {
    z: tf.tensor2d(z, [rows, 2]),
    v: tf.tensor2d(v, [rows, 2]),
    r: tf.tensor1d(r),
    t: tf.tensor1d(t),
  };
  return {
    leastLoss: squares / rows,
    residual: (network) =>
      tf.tidy(() => {
        const { u, uTarget } = meanFlowTerms(network, tensors.z, tensors.v, tensors.r, tensors.t, null);
        return tf.mean<tf.Scalar>(tf.sqrt(tf.sum(tf.square(tf.sub(u, uTarget)), 1)));
      }),
    dispose: () => {
      tf.dispose(tensors);
    },
  };
}

/** The time of a coordinate's row. */
const at = (t: Float32Array, i: number) => t[i >> 1] ?? NaN;
