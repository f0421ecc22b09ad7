import * as tf from '@tensorflow/tfjs-core';

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

/**
 * Numbers that one update needs, as scalars on the backend: made once and shared by all weights, and inputs rather
 * than constants where a step is recorded.
 */
export interface AdamScalars {
  beta1: tf.Scalar;
  /** 1 - beta1. */
  beta1Rest: tf.Scalar;
  beta2: tf.Scalar;
  /** 1 - beta2. */
  beta2Rest: tf.Scalar;
  epsilon: tf.Scalar;
  /** Learning rate with the bias correction of m, -lr / (1 - beta1^k). */
  stepSize: tf.Scalar;
  /** Bias correction of v, 1 / (1 - beta2^k). */
  correction2: tf.Scalar;
  /** -lr * weightDecay; absent without weight decay. */
  decay?: tf.Scalar;
}

/** The moments of one weight and the gradient that is new. */
export interface AdamInputs {
  /** Gradient g. */
  gradient: tf.Tensor;
  /** Mean of the gradient so far. */
  m: tf.Tensor;
  /** Mean of its square so far. */
  v: tf.Tensor;
  /** The weight itself, for the weight decay. */
  weight: tf.Tensor;
}

/** What one update gives; the new weight is `weight + update`. */
export interface AdamResult {
  update: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
}

function check(name: string, holds: boolean, rule: string, value: number): void {
  if (!holds) throw new RangeError(`adamScalars: ${name} must be ${rule}, got ${value}.`);
}

/**
 * The scalars of update number `updates + 1`.
 *
 * @param updates Updates done so far, 0 for the first.
 * @returns Scalars that the caller owns.
 * @throws RangeError if an option is out of its range.
 */
export function adamScalars(updates: number, learningRate: number, options: AdamOptions = {}): AdamScalars {
  const { beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0 } = options;
  check('beta1', beta1 >= 0 && beta1 < 1, 'in [0, 1)', beta1);
  check('beta2', beta2 >= 0 && beta2 < 1, 'in [0, 1)', beta2);
  check('epsilon', epsilon > 0, 'positive', epsilon);
  check('weightDecay', weightDecay >= 0, 'at least 0', weightDecay);
  const count = updates + 1;
  return {
    beta1: tf.scalar(beta1),
    beta1Rest: tf.scalar(1 - beta1),
    beta2: tf.scalar(beta2),
    beta2Rest: tf.scalar(1 - beta2),
    epsilon: tf.scalar(epsilon),
    stepSize: tf.scalar(-learningRate / (1 - beta1 ** count)),
    correction2: tf.scalar(1 / (1 - beta2 ** count)),
    ...(weightDecay === 0 ? {} : { decay: tf.scalar(-learningRate * weightDecay) }),
  };
}

/**
 * One Adam update of one weight,
 *
 *     m' = beta1 m + (1 - beta1) g        v' = beta2 v + (1 - beta2) g^2
 *     update = -lr (m' / (1 - beta1^k) / (sqrt(v' / (1 - beta2^k)) + epsilon) + weightDecay weight)
 *
 * with k the number of this update, from 1.
 *
 * @param inputs Borrowed, all of one shape.
 * @param scalars From {@link adamScalars}. Borrowed.
 * @returns Three tensors that the caller owns.
 * @see optax.adamw; Kingma and Ba, arXiv:1412.6980, Algorithm 1; Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2.
 */
export function adamUpdate({ gradient, m, v, weight }: AdamInputs, scalars: AdamScalars): AdamResult {
  return tf.tidy(() => {
    const mNew = tf.add(tf.mul(m, scalars.beta1), tf.mul(gradient, scalars.beta1Rest));
    const vNew = tf.add(tf.mul(v, scalars.beta2), tf.mul(tf.square(gradient), scalars.beta2Rest));
    const deviation = tf.add(tf.sqrt(tf.mul(vNew, scalars.correction2)), scalars.epsilon);
    const step = tf.div(tf.mul(mNew, scalars.stepSize), deviation);
    const update = scalars.decay === undefined ? step : tf.add(step, tf.mul(weight, scalars.decay));
    return { update, m: mNew, v: vNew };
  });
}
