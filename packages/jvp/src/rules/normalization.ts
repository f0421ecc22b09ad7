import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { broadcast, plus, required } from './helpers';
import type { RuleTable } from './helpers';

/**
 * y = (x - mean) R scale + offset with R = (variance + eps)^(-1/2):
 * dy = (dx - dmean) R scale + (x - mean) (dR scale + R dscale) + doffset, dR = -1/2 R^3 dvariance
 */
const fusedBatchNorm: JvpRule = ({ inputs, tangents, attrs, output }) => {
  const eps = attrs['varianceEpsilon'] as unknown as number;
  const centred = tf.sub(required(inputs, 'x'), required(inputs, 'mean'));
  const inverse = tf.rsqrt(tf.add(required(inputs, 'variance'), eps));
  const scale = (inputs['scale'] as tf.Tensor | null | undefined) ?? tf.scalar(1);
  const { x: dx, mean: dmean, variance: dvariance, scale: dscale, offset: doffset } = tangents;
  const dCentred = plus(dx ?? null, dmean === undefined ? null : tf.neg(dmean));
  const dFactor = plus(
    dvariance === undefined ? null : tf.mul(tf.mul(tf.mul(tf.pow(inverse, 3), -0.5), dvariance), scale),
    dscale === undefined ? null : tf.mul(inverse, dscale),
  );
  const fromCentred = dCentred === null ? null : tf.mul(dCentred, tf.mul(inverse, scale));
  const fromFactor = dFactor === null ? null : tf.mul(centred, dFactor);
  return broadcast(plus(plus(fromCentred, fromFactor), doffset ?? null), output.shape);
};

/** Sum of each channel's neighbours within `radius`, on the last axis. */
function windowSum(x: tf.Tensor, radius: number): tf.Tensor {
  const channels = x.shape[x.rank - 1] ?? 0;
  const rest = x.shape.slice(0, -1);
  const padded = tf.pad(x, [...rest.map((): [number, number] => [0, 0]), [radius, radius]]);
  const shifted = Array.from({ length: 2 * radius + 1 }, (_, shift) =>
    tf.slice(padded, [...rest.map(() => 0), shift], [...rest, channels]),
  );
  return tf.addN(shifted);
}

/**
 * y = x S^(-beta), S = bias + alpha W(x^2) with W the sum over neighbouring channels:
 * dy = dx S^(-beta) - 2 alpha beta x S^(-beta - 1) W(x dx)
 */
const lrn: JvpRule = ({ inputs, tangents, attrs }) => {
  const { depthRadius, bias, alpha, beta } = attrs as unknown as Record<
    'depthRadius' | 'bias' | 'alpha' | 'beta',
    number
  >;
  const x = required(inputs, 'x');
  const dx = required(tangents, 'x');
  const s = tf.add(tf.mul(windowSum(tf.square(x), depthRadius), alpha), bias);
  const direct = tf.mul(dx, tf.pow(s, -beta));
  const neighbours = tf.mul(tf.mul(x, tf.pow(s, -beta - 1)), windowSum(tf.mul(x, dx), depthRadius));
  return tf.sub(direct, tf.mul(neighbours, 2 * alpha * beta));
};

/** Rules of normalization kernels. */
export const normalizationRules: RuleTable = { FusedBatchNorm: fusedBatchNorm, LRN: lrn };
