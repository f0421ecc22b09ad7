import type { AdamNumbers } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { clipFactor } from './clip';

/** Options of Adam. The defaults are those of the MeanFlow code. */
export interface AdamOptions {
  /** Decay of the mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Decay of the mean of its square, in [0, 1). Default 0.95. */
  beta2?: number;
  /** Added to the square root, after the bias correction; > 0. Default 1e-8. */
  epsilon?: number;
  /** Decoupled weight decay (AdamW), >= 0, times the learning rate. Default 0. */
  weightDecay?: number;
}

/** Options of an update of weights and their averages. */
export interface UpdateOptions {
  adam?: AdamOptions;
  /**
   * Decay d of the averaged weights, in [0, 1]: 0 keeps the newest weights, 1 the first ones. No warm-up and no bias
   * correction; the average starts at the initial weights. Default 0.9999.
   */
  emaDecay?: number;
  /** Greatest norm of the gradient, > 0; null: no clipping. Default null. */
  clipNorm?: number | null;
}

function check(name: string, holds: boolean, rule: string, value: number): void {
  if (!holds) throw new RangeError(`adamNumbers: ${name} must be ${rule}, got ${value}.`);
}

/**
 * The numbers of update `updates + 1` for `applyAdam` of `@meanflow/kernels`.
 *
 * @param updates Updates done so far, 0 for the first.
 * @param learningRate Rate of this update.
 * @param norm Norm of the gradient, for clipping. Borrowed.
 * @returns Scalars that the caller owns.
 * @throws RangeError if an option is out of its range.
 */
export function adamNumbers(
  updates: number,
  learningRate: number,
  norm: tf.Scalar,
  { adam = {}, emaDecay = 0.9999, clipNorm = null }: UpdateOptions = {},
): AdamNumbers {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0 } = adam;
  check('beta1', beta1 >= 0 && beta1 < 1, 'in [0, 1)', beta1);
  check('beta2', beta2 >= 0 && beta2 < 1, 'in [0, 1)', beta2);
  check('epsilon', epsilon > 0, 'positive', epsilon);
  check('weightDecay', weightDecay >= 0, 'at least 0', weightDecay);
  check('emaDecay', emaDecay >= 0 && emaDecay <= 1, 'in [0, 1]', emaDecay);
  const count = updates + 1;
  return {
    beta1: tf.scalar(beta1),
    // Subtracted in float64: in float32, 1 - 0.9999 is off by 2e-4 of its value.
    beta1Rest: tf.scalar(1 - beta1),
    beta2: tf.scalar(beta2),
    beta2Rest: tf.scalar(1 - beta2),
    epsilon: tf.scalar(epsilon),
    stepSize: tf.scalar(-learningRate / (1 - beta1 ** count)),
    correction2: tf.scalar(1 / (1 - beta2 ** count)),
    emaDecay: tf.scalar(emaDecay),
    emaRest: tf.scalar(1 - emaDecay),
    ...(weightDecay === 0 ? {} : { decay: tf.scalar(-learningRate * weightDecay) }),
    ...(clipNorm === null ? {} : { clip: clipFactor(norm, clipNorm) }),
  };
}
