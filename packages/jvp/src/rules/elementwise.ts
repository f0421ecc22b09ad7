import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule } from '../rule';
import { required, zeroDerivative } from './helpers';
import type { RuleTable } from './helpers';

// dy = f'(x) dx for y = f(x), one number at a time. Above each rule stands its derivative.

type Elementwise = (dx: tf.Tensor, x: tf.Tensor, y: tf.Tensor) => tf.Tensor;

function elementwise(rule: Elementwise): JvpRule {
  return ({ inputs, tangents, output }) => rule(required(tangents, 'x'), required(inputs, 'x'), output);
}

const SELU_SCALE = 1.0507009873554805;
const SELU_SCALE_ALPHA = 1.7580993408473768;

/** dx where the mask holds, else zero. */
function masked(dx: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  return tf.mul(dx, tf.cast(mask, 'float32'));
}

const rules: Record<string, Elementwise> = {
  // d|x| = sign(x) dx
  Abs: (dx, x) => tf.mul(dx, tf.sign(x)),
  // d acos x = -dx / sqrt(1 - x^2)
  Acos: (dx, x) => tf.neg(tf.mul(dx, tf.rsqrt(tf.sub(1, tf.square(x))))),
  // d acosh x = dx / sqrt(x^2 - 1)
  Acosh: (dx, x) => tf.mul(dx, tf.rsqrt(tf.sub(tf.square(x), 1))),
  // d asin x = dx / sqrt(1 - x^2)
  Asin: (dx, x) => tf.mul(dx, tf.rsqrt(tf.sub(1, tf.square(x)))),
  // d asinh x = dx / sqrt(1 + x^2)
  Asinh: (dx, x) => tf.mul(dx, tf.rsqrt(tf.add(1, tf.square(x)))),
  // d atan x = dx / (1 + x^2)
  Atan: (dx, x) => tf.div(dx, tf.add(1, tf.square(x))),
  // d atanh x = dx / (1 - x^2)
  Atanh: (dx, x) => tf.div(dx, tf.sub(1, tf.square(x))),
  // d cos x = -sin(x) dx
  Cos: (dx, x) => tf.neg(tf.mul(dx, tf.sin(x))),
  // d cosh x = sinh(x) dx
  Cosh: (dx, x) => tf.mul(dx, tf.sinh(x)),
  // d elu(x) = dx for x >= 0, else e^x dx, where y = e^x - 1
  Elu: (dx, x, y) => tf.mul(dx, tf.where(tf.greaterEqual(x, 0), tf.onesLike(y), tf.add(y, 1))),
  // d erf(x) = 2 / sqrt(pi) exp(-x^2) dx
  Erf: (dx, x) => tf.mul(dx, tf.mul(tf.exp(tf.neg(tf.square(x))), 2 / Math.sqrt(Math.PI))),
  // d e^x = y dx
  Exp: (dx, _x, y) => tf.mul(dx, y),
  // d(e^x - 1) = (y + 1) dx
  Expm1: (dx, _x, y) => tf.mul(dx, tf.add(y, 1)),
  // d ln x = dx / x
  Log: (dx, x) => tf.div(dx, x),
  // d ln(1 + x) = dx / (1 + x)
  Log1p: (dx, x) => tf.div(dx, tf.add(x, 1)),
  // d(-x) = -dx
  Neg: (dx) => tf.neg(dx),
  // d(1/x) = -dx / x^2
  Reciprocal: (dx, _x, y) => tf.neg(tf.mul(dx, tf.square(y))),
  // d max(x, 0) = dx for x > 0, else 0
  Relu: (dx, x) => tf.mul(dx, tf.step(x)),
  // d min(max(x, 0), 6) = dx for 0 < x <= 6, else 0
  Relu6: (dx, x) => masked(dx, tf.logicalAnd(tf.greater(x, 0), tf.lessEqual(x, 6))),
  // d x^(-1/2) = -1/2 y^3 dx
  Rsqrt: (dx, _x, y) => tf.mul(dx, tf.mul(tf.mul(tf.square(y), y), -0.5)),
  // d selu(x) = scale dx for x > 0, else scale alpha e^x dx
  Selu: (dx, x) => {
    const slope = tf.where(
      tf.greater(x, 0),
      tf.fill(x.shape, SELU_SCALE),
      tf.mul(tf.exp(x), SELU_SCALE_ALPHA),
    );
    return tf.mul(dx, slope);
  },
  // d sigmoid(x) = y (1 - y) dx
  Sigmoid: (dx, _x, y) => tf.mul(dx, tf.mul(y, tf.sub(1, y))),
  // d sin x = cos(x) dx
  Sin: (dx, x) => tf.mul(dx, tf.cos(x)),
  // d sinh x = cosh(x) dx
  Sinh: (dx, x) => tf.mul(dx, tf.cosh(x)),
  // d ln(1 + e^x) = sigmoid(x) dx
  Softplus: (dx, x) => tf.mul(dx, tf.sigmoid(x)),
  // d sqrt(x) = dx / (2 y)
  Sqrt: (dx, _x, y) => tf.div(dx, tf.mul(y, 2)),
  // d x^2 = 2 x dx
  Square: (dx, x) => tf.mul(dx, tf.mul(x, 2)),
  // d tan x = (1 + y^2) dx
  Tan: (dx, _x, y) => tf.mul(dx, tf.add(1, tf.square(y))),
  // d tanh x = (1 - y^2) dx
  Tanh: (dx, _x, y) => tf.mul(dx, tf.sub(1, tf.square(y))),
};

/** d leaky(x) = dx for x > 0, else alpha dx. */
const leakyRelu: JvpRule = ({ inputs, tangents, attrs }) => {
  const dx = required(tangents, 'x');
  const scaled = tf.mul(dx, attrs['alpha'] as unknown as number);
  return tf.where(tf.greater(required(inputs, 'x'), 0), dx, scaled);
};

/** d clip(x) = dx inside the interval, bounds included, else 0. */
const clipByValue: JvpRule = ({ inputs, tangents, attrs }) => {
  const x = required(inputs, 'x');
  const { clipValueMin, clipValueMax } = attrs as unknown as { clipValueMin: number; clipValueMax: number };
  const inside = tf.logicalAnd(tf.greaterEqual(x, clipValueMin), tf.lessEqual(x, clipValueMax));
  return masked(required(tangents, 'x'), inside);
};

/** Rules of kernels with one input that work on each number separately. */
export const elementwiseRules: RuleTable = {
  ...Object.fromEntries(Object.entries(rules).map(([kernel, rule]) => [kernel, elementwise(rule)])),
  ...zeroDerivative(['Ceil', 'Floor', 'Round', 'Sign', 'Step', 'ZerosLike', 'OnesLike']),
  LeakyRelu: leakyRelu,
  ClipByValue: clipByValue,
};
