import { jvp, stopGradient } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { assertCount, assertInRange, assertRows, assertSameShape } from './checks';
import { drawLabelDrop, drawNoise } from './draws';
import type { DrawKey, Draws, DrawTensors } from './draws';
import { assertGuidable, guidedVelocity, resolveGuidance } from './guidance';
import type { Guidance, GuidanceOptions } from './guidance';
import { conditionalVelocity, expandRows, interpolate } from './interpolate';
import { dropLabels } from './labels';
import type { Network } from './network';
import type { LossParts, Objective } from './objective';
import { sample } from './sample';
import { drawTimes, resolveTimeSampler } from './times';
import type { TimeSamplerOptions } from './times';
import { adaptiveLoss, resolveWeighting, squaredError } from './weighting';
import type { WeightingOptions } from './weighting';

/** What both objectives share. */
export interface LabelOptions {
  /** Number of classes; the label `numClasses` stands for none. 0 for a network without labels. */
  numClasses: number;
  /** Probability with which a label is dropped in training, in [0, 1]. Default 0.1. */
  labelDropout?: number;
}

/** Options of {@link meanFlow}. */
export interface MeanFlowOptions extends LabelOptions {
  times?: TimeSamplerOptions;
  /** Guidance to train in. Default null: none. */
  guidance?: GuidanceOptions | null;
  /** Default p = 1, eps = 0.01. */
  weighting?: WeightingOptions;
}

/** The average velocity of a batch and what it is compared with. */
export interface MeanFlowTerms {
  /** u(z, r, t, y), [B, ...]; the only part with a gradient. */
  u: tf.Tensor;
  /** v_g - (t - r) du/dt, [B, ...]. */
  uTarget: tf.Tensor;
  /** du/dt of the rows with r < t, [B - instantRows, ...]; null if there are none. */
  dudt: tf.Tensor | null;
}

/**
 * Both sides of the MeanFlow identity, u = v - (t - r) du/dt, where du/dt = v du/dz + du/dt is the total derivative
 * along the path: one pass of forward mode in the direction (v, 0, 1) of (z, r, t).
 *
 * Rows with r = t need no derivative, for its factor is zero: they run through a plain forward pass, and only the
 * others under `jvp`. To the gradient, the target is a constant.
 *
 * @param z Interpolant, [B, ...].
 * @param v Velocity: the tangent of z and the base of the target, [B, ...].
 * @param r Interval starts, [B].
 * @param t Interval ends, [B].
 * @param y Labels, int32 [B], or null.
 * @param instantRows Number of leading rows with r = t.
 * @returns The terms; the caller owns them.
 * @throws RangeError if shapes do not fit.
 * @see arXiv:2505.13447, Sec. 4.1, Algorithm 1.
 */
export function meanFlowTerms(
  network: Network,
  z: tf.Tensor,
  v: tf.Tensor,
  r: tf.Tensor1D,
  t: tf.Tensor1D,
  y: tf.Tensor1D | null,
  instantRows = 0,
): MeanFlowTerms {
  const batch = z.shape[0];
  assertSameShape('meanFlowTerms', { z, v });
  assertRows('meanFlowTerms', batch, { r, t, y });
  assertInRange('meanFlowTerms', 'instantRows', instantRows, 0, batch);
  if (instantRows === batch) return { u: network(z, t, t, y), uTarget: tf.clone(v), dudt: null };
  return tf.tidy(() => {
    const [z0, z1] = splitRows(z, instantRows);
    const [v0, v1] = splitRows(v, instantRows);
    const [, r1] = splitRows(r, instantRows);
    const [t0, t1] = splitRows(t, instantRows);
    const [y0, y1] = y === null ? [null, null] : splitRows(y, instantRows);
    const tangents = [v1, null, tf.onesLike(t1)] as const;
    const { value, tangent: dudt } = jvp((...args) => network(...args, y1), [z1, r1, t1], tangents);
    // Never negative for r <= t; the published code clips, and so do we.
    const interval = tf.clipByValue(tf.sub<tf.Tensor1D>(t1, r1), 0, 1);
    const uTarget = stopGradient(() => tf.sub(v1, tf.mul(expandRows(interval, z.rank), dudt)));
    if (instantRows === 0) return { u: value, uTarget, dudt };
    return { u: tf.concat([network(z0, t0, t0, y0), value]), uTarget: tf.concat([v0, uTarget]), dudt };
  });
}

/** The first `count` rows and the rest. */
function splitRows<T extends tf.Tensor>(x: T, count: number): [T, T] {
  if (count === 0) return [x, x];
  return tf.split(x, [count, x.shape[0] - count]) as [T, T];
}

/** Checks the label options and fills in the defaults. */
export function resolveLabels(
  where: string,
  { numClasses, labelDropout = 0.1 }: LabelOptions,
): Required<LabelOptions> {
  assertCount(where, 'numClasses', numClasses, 0);
  assertInRange(where, 'labelDropout', labelDropout, 0, 1, 'It is a probability.');
  return { numClasses, labelDropout: numClasses === 0 ? 0 : labelDropout };
}

/** A draw by name; its absence is an error of the caller. */
export function drawn<T extends tf.Tensor>({ tensors }: DrawTensors, where: string, name: string): T {
  const tensor = tensors[name];
  if (tensor === undefined)
    throw new RangeError(`${where}: draws must have an entry '${name}'. Use the objective's own draw().`);
  return tensor as T;
}

/** Labels must be there exactly if there are classes. */
export function assertLabels(where: string, y: tf.Tensor1D | null, numClasses: number): void {
  if ((y === null) === (numClasses === 0)) return;
  throw new RangeError(
    y === null
      ? `${where}: y must be labels, since numClasses is ${String(numClasses)}, got null. Set numClasses to 0 for none.`
      : `${where}: y must be null, since numClasses is 0, got labels. Set numClasses to use them.`,
  );
}

/**
 * The MeanFlow objective: the network learns the average velocity over [r, t] from the instantaneous one.
 *
 * loss = mean_i s_i / stopgrad((s_i + eps)^p), s = sum over pixels of (u - stopgrad(v_g - (t - r) du/dt))^2.
 *
 * Logs: `rawLoss` = mean s; `fmLoss` = mean s over the rows with r = t, the flow-matching part (0 if there are none);
 * `dudtNorm` = root mean square of du/dt (0 if every row has r = t).
 *
 * @throws RangeError if an option is out of range, naming it.
 * @see arXiv:2505.13447, Sec. 4; defaults of Gsunshine/meanflow except guidance, which is off unless given.
 */
export function meanFlow(options: MeanFlowOptions): Objective {
  const { numClasses, labelDropout } = resolveLabels('meanFlow', options);
  const times = resolveTimeSampler('meanFlow', options.times);
  const weighting = resolveWeighting('meanFlow', options.weighting ?? {}, 1);
  const guidance = resolveGuidance('meanFlow', options.guidance);
  assertGuidable('meanFlow', guidance, numClasses);
  return {
    name: 'meanflow',
    logNames: ['rawLoss', 'fmLoss', 'dudtNorm'],
    draw: (batch, sampleShape, key) => drawMeanFlow(batch, sampleShape, key, times, labelDropout),
    loss: (network, x, y, draws) => {
      assertLabels('meanFlow', y, numClasses);
      return meanFlowLoss(network, x, y, draws, guidance, numClasses, weighting);
    },
    sample,
  };
}

function drawMeanFlow(
  batch: number,
  sampleShape: readonly number[],
  key: DrawKey,
  times: Required<TimeSamplerOptions>,
  labelDropout: number,
): Draws {
  const { t, r, instantRows } = drawTimes(batch, key, times);
  const vector = (data: Float32Array) => ({ shape: [batch], dtype: 'float32' as const, data });
  const arrays = {
    e: drawNoise(batch, sampleShape, key),
    t: vector(t),
    r: vector(r),
    drop: drawLabelDrop(batch, key, labelDropout),
  };
  return { arrays, instantRows };
}

function meanFlowLoss(
  network: Network,
  x: tf.Tensor,
  y: tf.Tensor1D | null,
  draws: DrawTensors,
  guidance: Guidance | null,
  yNull: number,
  weighting: Required<WeightingOptions>,
): LossParts {
  return tf.tidy(() => {
    const e = drawn(draws, 'meanFlow', 'e');
    const t = drawn<tf.Tensor1D>(draws, 'meanFlow', 't');
    const r = drawn<tf.Tensor1D>(draws, 'meanFlow', 'r');
    const drop = drawn<tf.Tensor1D>(draws, 'meanFlow', 'drop');
    const z = interpolate(x, e, t);
    const v = conditionalVelocity(x, e);
    const guided =
      guidance === null || y === null ? v : guidedVelocity(network, v, z, t, y, yNull, drop, guidance);
    const yIn = y === null ? null : dropLabels(y, drop, yNull);
    const { u, uTarget, dudt } = meanFlowTerms(network, z, guided, r, t, yIn, draws.instantRows);
    const s = squaredError(u, uTarget);
    const logs = stopGradient(() => meanFlowLogs(s, dudt, draws.instantRows));
    return { loss: adaptiveLoss(s, weighting), logs };
  });
}

function meanFlowLogs(
  s: tf.Tensor1D,
  dudt: tf.Tensor | null,
  instantRows: number,
): Record<string, tf.Scalar> {
  return {
    rawLoss: tf.mean<tf.Scalar>(s),
    fmLoss: instantRows === 0 ? tf.scalar(0) : tf.mean<tf.Scalar>(tf.slice(s, 0, instantRows)),
    dudtNorm: dudt === null ? tf.scalar(0) : tf.sqrt(tf.mean<tf.Scalar>(tf.square(dudt))),
  };
}
