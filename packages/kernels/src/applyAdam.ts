import { fused } from '@meanflow/compile';
import * as tf from '@tensorflow/tfjs-core';
import { wasmAdam } from './wasm/adam';
import { takesElements } from './wasm/elementwise';
import { takesAdam, webgpuAdam } from './webgpu/adam';

/** A weight, what Adam keeps for it, its average, and the gradient that is new; all of one shape. */
export interface AdamSlot {
  weight: tf.Variable;
  /** Mean of the gradient. */
  m: tf.Variable;
  /** Mean of its square. */
  v: tf.Variable;
  /** Average of the weight. */
  ema: tf.Variable;
  /** g; a slot's variables are assigned, its gradient is borrowed. */
  gradient: tf.Tensor;
}

/**
 * The numbers of one update, k counted from 1, as scalars on the backend: inputs rather than constants where a step is
 * recorded.
 */
export interface AdamNumbers {
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
  /** -lr weightDecay; absent without weight decay. */
  decay?: tf.Scalar;
  /** Factor of the gradient; absent without clipping. */
  clip?: tf.Scalar;
  /** d, the decay of the averages. */
  emaDecay: tf.Scalar;
  /** 1 - d. */
  emaRest: tf.Scalar;
}

/** New values of a slot's variables. */
type Updated = [weight: tf.Tensor, m: tf.Tensor, v: tf.Tensor, ema: tf.Tensor];

/** The definition, in operations of tfjs. */
export function adamByOperations({ weight, m, v, ema, gradient }: AdamSlot, numbers: AdamNumbers): Updated {
  const clipped = numbers.clip === undefined ? gradient : tf.mul(gradient, numbers.clip);
  const mNew = tf.add(tf.mul(m, numbers.beta1), tf.mul(clipped, numbers.beta1Rest));
  const vNew = tf.add(tf.mul(v, numbers.beta2), tf.mul(tf.square(clipped), numbers.beta2Rest));
  const deviation = tf.add(tf.sqrt(tf.mul(vNew, numbers.correction2)), numbers.epsilon);
  const step = tf.div(tf.mul(mNew, numbers.stepSize), deviation);
  const update = numbers.decay === undefined ? step : tf.add(step, tf.mul(weight, numbers.decay));
  const weightNew = tf.add(weight, update);
  const emaNew = tf.add(tf.mul(ema, numbers.emaDecay), tf.mul(weightNew, numbers.emaRest));
  return [weightNew, mNew, vNew, emaNew];
}

/**
 * One Adam update of all weights and their averages, in place:
 *
 *     g' = clip g     m' = beta1 m + (1 - beta1) g'     v' = beta2 v + (1 - beta2) g'^2
 *     weight' = weight - lr (m' / (1 - beta1^k) / (sqrt(v' / (1 - beta2^k)) + epsilon) + weightDecay weight)
 *     ema' = d ema + (1 - d) weight'
 *
 * On wasm, webgpu, and where XLA compiles it, it is one pass over each weight; on wasm with the same roundings as the
 * operations one by one. Weights are updated one after the other, so that the new values of one at most exist beside the
 * old ones. On webgpu the new values are written over the old ones, several weights at a time, once each variable has
 * numbers of its own: clones and other variables never change with it.
 *
 * @param slots Their variables are assigned; their gradients are borrowed.
 * @param numbers Borrowed.
 * @throws RangeError if the shapes of a slot differ.
 * @see optax.adamw; Kingma and Ba, arXiv:1412.6980, Algorithm 1; Loshchilov and Hutter, arXiv:1711.05101, Algorithm 2.
 */
export function applyAdam(slots: readonly AdamSlot[], numbers: AdamNumbers): void {
  for (const [i, slot] of slots.entries()) {
    const shapes = Object.values(slot).map(({ shape }: tf.Tensor) => shape.join(', '));
    if (shapes.some((shape) => shape !== shapes[0])) {
      throw new RangeError(`applyAdam: slots[${i}] must have one shape, got [${shapes.join('], [')}].`);
    }
  }
  tf.tidy(() => {
    const [taken, others] = [slots.filter(takesAdam), slots.filter((slot) => !takesAdam(slot))];
    if (taken.length > 0) webgpuAdam(taken, numbers);
    for (const slot of others) assignUpdated(slot, numbers);
  });
}

/** One slot's update, with new tensors for its variables. */
function assignUpdated(slot: AdamSlot, numbers: AdamNumbers): void {
  tf.tidy(() => {
    const [weight, m, v, ema] = takesElements(slot.weight)
      ? wasmAdam(slot, numbers)
      : fused(() => adamByOperations(slot, numbers));
    slot.weight.assign(weight);
    slot.m.assign(m);
    slot.v.assign(v);
    slot.ema.assign(ema);
  });
}
