import { definePrimitive } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { geluBoth, geluPullBack, geluValue } from './gelu';
import { checkLinear, linear } from './linear';
import { columnSums, matrixProduct } from './matrixProduct';
import { sumOf } from './sumOf';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no Record
type Inputs = { x: tf.Tensor; kernel: tf.Tensor2D; bias: tf.Tensor1D };

const geluLinearPrimitive = definePrimitive<Inputs, object>({
  name: 'geluLinear',
  needsOutput: false,
  forward: ({ x, kernel, bias }) => linear(geluValue(x), kernel, bias),
  // With g = gelu(x): dg = dY W', dx = dg gelu'(x), dW = g' dY, db = sum of the rows of dY
  vjp: ({ inputs: { x, kernel }, dy }) => {
    const [columns, width] = kernel.shape;
    const dRows = tf.reshape<tf.Rank.R2>(dy, [-1, width]);
    const dActivated = tf.reshape(matrixProduct(dRows, kernel, { transposeB: true }), x.shape);
    const [activated, dx] = geluBoth(x, dActivated);
    return {
      x: dx,
      kernel: matrixProduct(tf.reshape(activated, [-1, columns]), dRows, { transposeA: true }),
      bias: columnSums(dRows),
    };
  },
  jvp: ({ inputs: { x, kernel }, tangents, output }) => {
    const terms: tf.Tensor[] = [];
    if (tangents.x) terms.push(linear(geluPullBack(x, tangents.x), kernel, tangents.bias));
    if (tangents.kernel) {
      terms.push(linear(geluValue(x), tangents.kernel, tangents.x ? undefined : tangents.bias));
    }
    if (terms.length === 0 && tangents.bias) terms.push(tf.zerosLike(output), tangents.bias);
    return sumOf(terms);
  },
});

/**
 * GELU in its tanh form, then an affine map of the last axis, y = gelu(x) W + b: the second half of an MLP.
 *
 * One operation, so that a backward pass keeps x alone: gelu(x), which the gradient of W needs, is as large and quick to
 * compute again.
 *
 * @param x [..., in].
 * @param kernel W, [in, out].
 * @param bias b, [out].
 * @returns y, [..., out]. The caller owns it.
 * @throws RangeError if the shapes do not fit.
 */
export function geluLinear(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  checkLinear('geluLinear', x, kernel, bias);
  return geluLinearPrimitive({ x, kernel: kernel as tf.Tensor2D, bias: bias as tf.Tensor1D }, {});
}
