import * as tf from '@tensorflow/tfjs-core';
import type { JvpRule, KernelCall } from '../rule';
import { broadcast, plus, required, zeroDerivative } from './helpers';
import type { RuleTable } from './helpers';

// Kernels of two inputs that broadcast. `da`, `db` are the tangents of a and b; a missing one contributes nothing.

type Partial1 = (tangent: tf.Tensor, call: { a: tf.Tensor; b: tf.Tensor; y: tf.Tensor }) => tf.Tensor;

/** The sum of the parts of a and b, broadcast to the output's shape. */
function binary(partA: Partial1, partB: Partial1): JvpRule {
  return ({ inputs, tangents, output }: KernelCall) => {
    const operands = { a: required(inputs, 'a'), b: required(inputs, 'b'), y: output };
    const { a: da, b: db } = tangents;
    const fromA = da === undefined ? null : partA(da, operands);
    const fromB = db === undefined ? null : partB(db, operands);
    return broadcast(plus(fromA, fromB), output.shape);
  };
}

/** The tangent where the mask holds, else zero; broadcasts. */
function where(mask: tf.Tensor, tangent: tf.Tensor): tf.Tensor {
  return tf.mul(tangent, tf.cast(mask, 'float32'));
}

/** Rules of binary kernels. */
export const arithmeticRules: RuleTable = {
  // d(a + b) = da + db
  Add: binary(
    (da) => da,
    (db) => db,
  ),
  // d(a - b) = da - db
  Sub: binary(
    (da) => da,
    (db) => tf.neg(db),
  ),
  // d(a b) = da b + a db
  Multiply: binary(
    (da, { b }) => tf.mul(da, b),
    (db, { a }) => tf.mul(a, db),
  ),
  // d(a / b) = (da - y db) / b
  RealDiv: binary(
    (da, { b }) => tf.div(da, b),
    (db, { b, y }) => tf.neg(tf.div(tf.mul(y, db), b)),
  ),
  // d atan2(a, b) = (b da - a db) / (a^2 + b^2)
  Atan2: binary(
    (da, { a, b }) => tf.div(tf.mul(b, da), tf.add(tf.square(a), tf.square(b))),
    (db, { a, b }) => tf.neg(tf.div(tf.mul(a, db), tf.add(tf.square(a), tf.square(b)))),
  ),
  // d max(a, b) = da where a >= b, db elsewhere
  Maximum: binary(
    (da, { a, b }) => where(tf.greaterEqual(a, b), da),
    (db, { a, b }) => where(tf.less(a, b), db),
  ),
  // d min(a, b) = da where a <= b, db elsewhere
  Minimum: binary(
    (da, { a, b }) => where(tf.lessEqual(a, b), da),
    (db, { a, b }) => where(tf.greater(a, b), db),
  ),
  // a mod b = a - b floor(a / b), so d = da - floor(a / b) db
  Mod: binary(
    (da) => da,
    (db, { a, b }) => tf.neg(tf.mul(tf.floor(tf.div(a, b)), db)),
  ),
  // d a^b = b a^(b-1) da + y ln(a) db, the second part for a > 0 only
  Pow: binary(
    (da, { a, b }) => tf.mul(da, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    (db, { a, y }) => tf.mul(db, tf.mul(y, tf.where(tf.greater(a, 0), tf.log(a), tf.zerosLike(a)))),
  ),
  // d (a - b)^2 = 2 (a - b) (da - db)
  SquaredDifference: binary(
    (da, { a, b }) => tf.mul(da, tf.mul(tf.sub(a, b), 2)),
    (db, { a, b }) => tf.mul(db, tf.mul(tf.sub(b, a), 2)),
  ),
  // Piecewise constant; the gradient of tfjs-core is that of a / b instead.
  ...zeroDerivative(['FloorDiv']),
  // d prelu(x) = dx for x > 0, else alpha dx + x dalpha
  Prelu: ({ inputs, tangents, output }) => {
    const x = required(inputs, 'x');
    const { x: dx, alpha: dalpha } = tangents;
    const negative = plus(
      dx === undefined ? null : tf.mul(dx, required(inputs, 'alpha')),
      dalpha === undefined ? null : tf.mul(x, dalpha),
    );
    const positive = dx ?? tf.zeros(output.shape);
    return negative === null ? null : tf.where(tf.greater(x, 0), positive, negative);
  },
};
