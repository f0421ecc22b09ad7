import { fused } from '@meanflow/compile';
import * as tf from '@tensorflow/tfjs-core';
import { adamScalars, adamUpdate } from './adam';
import type { AdamOptions, AdamScalars } from './adam';
import { clipFactor } from './clip';
import { emaScalars, emaUpdate } from './ema';
import type { EmaScalars } from './ema';
import type { TrainState } from './trainState';
import type { Weights } from './weights';

/** The numbers of one update, as tensors: all that changes from update to update apart from state and gradient. */
export interface UpdateScalars {
  adam: AdamScalars;
  ema: EmaScalars;
  /** Factor of the gradient, from `clipFactor`; absent without clipping. */
  clip?: tf.Scalar;
}

/** Options of {@link updateScalars}. */
export interface UpdateOptions {
  adam?: AdamOptions;
  /** Decay of the averaged weights, in [0, 1]. Default 0.9999. */
  emaDecay?: number;
  /** Greatest norm of the gradient, > 0; null: no clipping. Default null. */
  clipNorm?: number | null;
}

/**
 * The numbers of the next update.
 *
 * @param updates Updates done so far.
 * @param learningRate Rate of this update.
 * @param norm Norm of the gradient, for clipping. Borrowed.
 * @returns Scalars that the caller owns.
 */
export function updateScalars(
  updates: number,
  learningRate: number,
  norm: tf.Scalar,
  { adam = {}, emaDecay = 0.9999, clipNorm = null }: UpdateOptions,
): UpdateScalars {
  return {
    adam: adamScalars(updates, learningRate, adam),
    ema: emaScalars(emaDecay),
    ...(clipNorm === null ? {} : { clip: clipFactor(norm, clipNorm) }),
  };
}

/**
 * One update of weights, moments and averaged weights, in place: clip, Adam, EMA of the new weights.
 *
 * @param state Its variables are assigned; its counts are not touched.
 * @param gradients By weight. Borrowed.
 * @param scalars From {@link updateScalars}. Borrowed.
 */
export function applyUpdate(state: TrainState, gradients: Readonly<Weights>, scalars: UpdateScalars): void {
  for (const [name, weight] of Object.entries(state.weights)) {
    const [m, v, ema, gradient] = [state.m[name], state.v[name], state.ema[name], gradients[name]];
    if (m === undefined || v === undefined || ema === undefined || gradient === undefined) {
      throw new Error(`internal: ${name} has no moments, average or gradient.`);
    }
    // One scope a weight: intermediate results of one weight are gone before the next.
    tf.tidy(() => {
      const next = fused(() => {
        const clipped = scalars.clip === undefined ? gradient : tf.mul(gradient, scalars.clip);
        const { update, ...moments } = adamUpdate({ gradient: clipped, m, v, weight }, scalars.adam);
        const weightNew = tf.add(weight, update);
        return { ...moments, weight: weightNew, ema: emaUpdate(ema, weightNew, scalars.ema) };
      });
      m.assign(next.m);
      v.assign(next.v);
      weight.assign(next.weight);
      ema.assign(next.ema);
    });
  }
}
