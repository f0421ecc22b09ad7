import { stopGradient } from '@meanflow/jvp';
import { normals, uniforms } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';
import { drawLabelDrop, drawNoise } from './draws';
import { assertGuidable, guidedVelocity, resolveGuidance } from './guidance';
import type { GuidanceOptions } from './guidance';
import { conditionalVelocity, interpolate } from './interpolate';
import { dropLabels } from './labels';
import { assertLabels, drawn, resolveLabels } from './meanFlow';
import type { LabelOptions } from './meanFlow';
import type { Objective } from './objective';
import { sample } from './sample';
import { resolveTimeSampler, timesFromDraws } from './times';
import type { TimeSamplerOptions } from './times';
import { adaptiveLoss, resolveWeighting, squaredError } from './weighting';
import type { WeightingOptions } from './weighting';

/** Options of {@link flowMatching}. */
export interface FlowMatchingOptions extends LabelOptions {
  /** Distribution of t, of a single draw. Default logit-normal with mean -0.4 and std 1, as for MeanFlow. */
  times?: Omit<TimeSamplerOptions, 'instantFraction'>;
  /** Guidance to train in, as for MeanFlow: sampling then needs no second evaluation. Default null: none. */
  guidance?: GuidanceOptions | null;
  /** Default p = 0, the plain squared error. */
  weighting?: WeightingOptions;
}

/**
 * The flow-matching objective: the network learns the instantaneous velocity, u(z, t, t, y) = v.
 *
 * loss = mean_i s_i / stopgrad((s_i + eps)^p), s = sum over pixels of (u - v)^2, v = e - x or, with guidance, the guided
 * velocity v_g of {@link guidedVelocity}. Sampling takes Euler steps.
 *
 * Logs: `rawLoss` = `fmLoss` = mean s.
 *
 * @throws RangeError if an option is out of range, naming it.
 * @see Lipman et al., "Flow Matching for Generative Modeling", arXiv:2210.02747; the baseline of arXiv:2505.13447.
 */
export function flowMatching(options: FlowMatchingOptions): Objective {
  const { numClasses, labelDropout } = resolveLabels('flowMatching', options);
  const times = resolveTimeSampler('flowMatching', { ...options.times, instantFraction: 1 });
  const weighting = resolveWeighting('flowMatching', options.weighting ?? {}, 0);
  const guidance = resolveGuidance('flowMatching', options.guidance);
  assertGuidable('flowMatching', guidance, numClasses);
  const draw = times.distribution === 'uniform' ? uniforms : normals;
  return {
    name: 'flow-matching',
    logNames: ['rawLoss', 'fmLoss'],
    draw: (batch, sampleShape, key) => {
      const raw = Float32Array.from(
        { length: batch },
        (_, i) => draw({ ...key, purpose: 'time', sample: i }, 1)[0] ?? 0,
      );
      const { t } = timesFromDraws(raw, raw, times); // the larger of two equal draws is that draw
      const arrays = {
        e: drawNoise(batch, sampleShape, key),
        t: { shape: [batch], dtype: 'float32' as const, data: t },
        drop: drawLabelDrop(batch, key, labelDropout),
      };
      return { arrays, instantRows: batch };
    },
    loss: (network, x, y, draws) => {
      assertLabels('flowMatching', y, numClasses);
      return tf.tidy(() => {
        const e = drawn(draws, 'flowMatching', 'e');
        const t = drawn<tf.Tensor1D>(draws, 'flowMatching', 't');
        const yIn = y === null ? null : dropLabels(y, drawn(draws, 'flowMatching', 'drop'), numClasses);
        const z = interpolate(x, e, t);
        const v = conditionalVelocity(x, e);
        const target =
          guidance === null || y === null
            ? v
            : guidedVelocity(network, v, z, t, y, numClasses, drawn(draws, 'flowMatching', 'drop'), guidance);
        const s = squaredError(network(z, t, t, yIn), target);
        const logs = stopGradient(() => ({ rawLoss: tf.mean<tf.Scalar>(s), fmLoss: tf.mean<tf.Scalar>(s) }));
        return { loss: adaptiveLoss(s, weighting), logs };
      });
    },
    sample: (network, noise, y, sampleOptions) =>
      sample(network, noise, y, { ...sampleOptions, velocity: 'instantaneous' }),
  };
}
