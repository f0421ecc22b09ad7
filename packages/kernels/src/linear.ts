import { definePrimitive } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { columnSums, matrixProduct } from './matrixProduct';
import { sumOf } from './sumOf';
import { wasmProduct } from './wasm/products';
import { useWasmKernels } from './wasm/runtime';
import { webgpuProduct } from './webgpu/products';
import { useWebgpuKernels } from './webgpu/runtime';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no Record
type Inputs = { x: tf.Tensor; kernel: tf.Tensor2D; bias?: tf.Tensor1D };

const linearPrimitive = definePrimitive<Inputs, object>({
  name: 'linear',
  needsOutput: false,
  forward: ({ x, kernel, bias }) => {
    const plain = { transposeA: false, transposeB: false };
    const added = bias && { bias };
    if (useWasmKernels()) return wasmProduct({ a: x, b: kernel, ...added }, plain)[0];
    const [columns, width] = kernel.shape;
    const rows = tf.reshape<tf.Rank.R2>(x, [-1, columns]);
    const y = useWebgpuKernels(rows, kernel)
      ? webgpuProduct({ a: rows, b: kernel, ...added }, plain)[0]
      : bias
        ? addedProduct(rows, kernel, bias)
        : tf.matMul(rows, kernel);
    return tf.reshape(y, [...x.shape.slice(0, -1), width]);
  },
  // dX = dY W', dW = X' dY, db = sum of the rows of dY
  vjp: ({ inputs: { x, kernel, bias }, dy }) => {
    const rows = tf.reshape<tf.Rank.R2>(x, [-1, kernel.shape[0]]);
    const dRows = tf.reshape<tf.Rank.R2>(dy, [-1, kernel.shape[1]]);
    return {
      x: tf.reshape(matrixProduct(dRows, kernel, { transposeB: true }), x.shape),
      kernel: matrixProduct(rows, dRows, { transposeA: true }),
      ...(bias && { bias: columnSums(dRows) }),
    };
  },
  // dY = dX W + X dW + db
  jvp: ({ inputs: { x, kernel }, tangents, output }) => {
    const terms: tf.Tensor[] = [];
    if (tangents.x) terms.push(linear(tangents.x, kernel, tangents.bias));
    if (tangents.kernel) terms.push(linear(x, tangents.kernel, tangents.x ? undefined : tangents.bias));
    if (terms.length === 0 && tangents.bias) terms.push(tf.zerosLike(output), tangents.bias);
    return sumOf(terms);
  },
});

/** a b + c. On tensorflow the fused product is the same operations, behind a batch of one, which a graph cannot fuse. */
function addedProduct(a: tf.Tensor2D, b: tf.Tensor2D, c: tf.Tensor1D): tf.Tensor2D {
  if (tf.getBackend() === 'tensorflow') return tf.add<tf.Tensor2D>(tf.matMul(a, b), c);
  return tf.fused.matMul({ a, b, bias: c }) as tf.Tensor2D;
}

/**
 * Affine map of the last axis, y = x W + b.
 *
 * @param x [..., in].
 * @param kernel W, [in, out].
 * @param bias b, [out]. Default none.
 * @returns y, [..., out]. The caller owns it.
 * @throws RangeError if the shapes do not fit.
 */
export function linear(x: tf.Tensor, kernel: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  checkLinear('linear', x, kernel, bias);
  return linearPrimitive(
    { x, kernel: kernel as tf.Tensor2D, ...(bias && { bias: bias as tf.Tensor1D }) },
    {},
  );
}

/** Checks that x is [..., in], the kernel [in, out] and the bias [out]. */
export function checkLinear(name: string, x: tf.Tensor, kernel: tf.Tensor, bias?: tf.Tensor): void {
  const [columns, width] = kernel.shape;
  if (kernel.rank !== 2 || x.shape.at(-1) !== columns) {
    throw new RangeError(
      `${name}: kernel must be [in, out] with in = ${x.shape.at(-1) ?? 1}, the last axis of x, got [${kernel.shape.join(', ')}].`,
    );
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== width)) {
    throw new RangeError(`${name}: bias must be [${width ?? 0}], got [${bias.shape.join(', ')}].`);
  }
}
