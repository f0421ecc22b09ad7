import type * as tf from '@tensorflow/tfjs-core';
import type { AdamNumbers, AdamSlot } from '../applyAdam';
import { ELEMENTS } from './elementwise';
import { wasmKernel } from './runtime';

type Inputs = Record<keyof AdamSlot | Exclude<keyof AdamNumbers, 'decay' | 'clip'>, tf.Tensor> & {
  decay?: tf.Tensor;
  clip?: tf.Tensor;
};

const adamKernel = wasmKernel<Inputs, object, [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]>(
  'adam',
  ({ functions, at, output, scratch, ranges, share }, inputs) => {
    const { weight, m, v, ema, gradient, decay, clip } = inputs;
    // What is absent changes nothing: times one, and plus zero times the weight.
    const [one, none] = [scratch(1), scratch(1)];
    functions.fillOne(one, 1);
    functions.fillOne(none, 0);
    const { beta1, beta1Rest, beta2, beta2Rest, epsilon, stepSize, correction2, emaDecay, emaRest } = inputs;
    const numbers = [beta1, beta1Rest, beta2, beta2Rest, epsilon, stepSize, correction2, emaDecay, emaRest];
    const tensors = [
      ...[weight, m, v, ema, gradient].map(at),
      ...[weight, m, v, ema].map(({ shape }) => output(shape)),
    ];
    const scalars = [...numbers.map(at), decay ? at(decay) : none, clip ? at(clip) : one];
    share(
      'adam',
      ranges(weight.size, ELEMENTS).map(([start, count]) => [
        ...tensors.map((address) => address + 4 * start),
        ...scalars,
        count,
      ]),
    );
  },
);

/** New weight, m, v and average: see `applyAdam`. */
export function wasmAdam(slot: AdamSlot, numbers: AdamNumbers): [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] {
  return adamKernel({ ...slot, ...numbers }, {});
}
