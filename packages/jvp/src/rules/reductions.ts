import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { linearIn, required } from './helpers';
import type { RuleTable } from './helpers';

/** d softmax(x) = y (dx - sum(y dx)) */
const softmax: JvpRule = ({ tangents, attrs, output: y }) => {
  const weighted = tf.mul(y, required(tangents, 'logits'));
  return tf.sub(weighted, tf.mul(y, tf.sum(weighted, attrs['dim'] as unknown as number, true)));
};

/** d log softmax(x) = dx - sum(e^y dx) */
const logSoftmax: JvpRule = ({ tangents, attrs, output: y }) => {
  const dx = required(tangents, 'logits');
  return tf.sub(dx, tf.sum(tf.mul(tf.exp(y), dx), attrs['axis'] as unknown as number, true));
};

/** d max(x) = sum of dx over the places that attain it (all ties count, as in the gradient of tfjs-core). */
function extremum(axisAttribute: 'reductionIndices' | 'axis'): JvpRule {
  return ({ inputs, tangents, attrs, output: y }) => {
    const x = required(inputs, 'x');
    const axes = tf.util.parseAxisParam(attrs[axisAttribute] as unknown as number | number[], x.shape);
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const attained = tf.cast(tf.equal(x, tf.reshape(y, kept)), 'float32');
    return tf.reshape(tf.sum(tf.mul(attained, required(tangents, 'x')), axes), y.shape);
  };
}

/** d prod(x) = sum_i dx_i prod_{j != i} x_j, by products of what stands before and after i: exact at zeros. */
const prod: JvpRule = ({ inputs, tangents, attrs, output }) => {
  const x = required(inputs, 'x');
  const axes = tf.util.parseAxisParam(attrs['axis'] as unknown as number | number[], x.shape);
  const rest = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const reduced = axes.reduce((size, axis) => size * (x.shape[axis] ?? 1), 1);
  const rows = (tensor: tf.Tensor) => tf.reshape(tf.transpose(tensor, [...rest, ...axes]), [-1, reduced]);
  const xRows = rows(x);
  const others = tf.mul(tf.cumprod(xRows, 1, true, false), tf.cumprod(xRows, 1, true, true));
  return tf.reshape(tf.sum(tf.mul(rows(required(tangents, 'x')), others), 1), output.shape);
};

/** Rules of kernels that combine the numbers along axes. */
export const reductionRules: RuleTable = {
  ...linearIn('x', ['Sum', 'Mean', 'Cumsum']),
  Max: extremum('reductionIndices'),
  Min: extremum('axis'),
  Prod: prod,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
};
