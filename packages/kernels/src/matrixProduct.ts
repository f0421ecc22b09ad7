import { fused } from '@meanflow/compile';
import { definePrimitive } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { onWasm } from './backend';
import { sumOf } from './sumOf';
import { wasmProduct } from './wasm/products';
import { takesRows, wasmSumOverTokens } from './wasm/rows';
import { useWasmKernels } from './wasm/runtime';
import { webgpuProduct } from './webgpu/products';
import { takesTokens, webgpuSumOverTokens } from './webgpu/rows';
import { useWebgpuKernels } from './webgpu/runtime';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no Record
type Factors = { a: tf.Tensor2D; b: tf.Tensor2D };

/** a b for plain matrices. tfjs's own gradient would call the product with transposed arguments. */
const plainProduct = definePrimitive<Factors, object>({
  name: 'plainProduct',
  needsOutput: false,
  forward: ({ a, b }) => tf.matMul(a, b),
  vjp: ({ inputs: { a, b }, dy }) => ({
    a: matrixProduct(dy as tf.Tensor2D, b, { transposeB: true }),
    b: matrixProduct(a, dy as tf.Tensor2D, { transposeA: true }),
  }),
  // d(a b) = da b + a db
  jvp: ({ inputs: { a, b }, tangents }) => {
    const terms: tf.Tensor2D[] = [];
    if (tangents.a) terms.push(matrixProduct(tangents.a, b));
    if (tangents.b) terms.push(matrixProduct(a, tangents.b));
    return sumOf(terms);
  },
});

/** Which arguments of a product are transposed first. */
interface TransposedArguments {
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * Matrix product a b of 2-D tensors, either transposed on request: by the kernel itself where that is fast, by a
 * transposition beforehand on wasm.
 *
 * @returns The product; the caller owns it.
 */
export function matrixProduct(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  transposed: TransposedArguments = {},
): tf.Tensor2D {
  const { transposeA = false, transposeB = false } = transposed;
  if (useWebgpuKernels(a, b)) return webgpuProduct({ a, b }, { transposeA, transposeB })[0] as tf.Tensor2D;
  if (!onWasm()) return tf.matMul(a, b, transposeA, transposeB);
  if (useWasmKernels()) return wasmProduct({ a, b }, { transposeA, transposeB })[0] as tf.Tensor2D;
  return tf.tidy(() => {
    if (transposeA && !transposeB && a.shape[1] < b.shape[1]) {
      // a' b = (b' a)': the kernel repacks its right argument at 3 ns a number, so that should be the smaller one.
      return transpose2d(plain(transpose2d(b), a));
    }
    return plain(transposeA ? transpose2d(a) : a, transposeB ? transpose2d(b) : b);
  });
}

function plain(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return plainProduct({ a, b }, {}) as tf.Tensor2D;
}

/**
 * Transposed matrix.
 *
 * On wasm the 3-D kernel is 2 to 4 times as fast as the 2-D one, so the columns are seen as pairs: [m, n] is
 * transposed as [m, n / 2, 2] -> [n / 2, 2, m].
 */
export function transpose2d(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  if (!onWasm() || columns % 2 !== 0 || columns < 4) return tf.transpose(x);
  return tf.tidy(() => {
    const pairs = tf.reshape(x, [rows, columns / 2, 2]);
    return tf.reshape(tf.transpose(pairs, [1, 2, 0]), [columns, rows]);
  });
}

/**
 * Sum over the rows of a matrix, [m, n] -> [n]. On wasm without a kernel of ours it is average pooling, 20 to 30 times as
 * fast as `tf.sum`.
 */
export function columnSums(x: tf.Tensor2D): tf.Tensor1D {
  const [rows, columns] = x.shape;
  if (takesTokens(x)) {
    return tf.tidy(() => {
      const [sums] = webgpuSumOverTokens({ x: tf.reshape(x, [1, rows, columns]) }, {});
      return tf.reshape(sums, [columns]);
    });
  }
  if (!onWasm()) return fused(() => tf.sum(x, 0));
  return tf.tidy(() => {
    if (takesRows(x)) {
      const [sums] = wasmSumOverTokens({ x: tf.reshape(x, [1, rows, columns]) }, {});
      return tf.reshape(sums, [columns]);
    }
    const mean = tf.avgPool(tf.reshape<tf.Rank.R4>(x, [1, rows, 1, columns]), [rows, 1], 1, 'valid');
    return tf.mul(tf.reshape(mean, [columns]), rows);
  });
}
