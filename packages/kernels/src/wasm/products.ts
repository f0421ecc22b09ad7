import type * as tf from '@tensorflow/tfjs-core';
import { productScratch } from './productCode';
import { wasmKernel } from './runtime';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no NamedTensorMap
type Factors = { a: tf.Tensor; b: tf.Tensor; bias?: tf.Tensor };

/** a b + bias for matrices, either factor transposed on request. */
export const wasmProduct = wasmKernel<Factors, { transposeA: boolean; transposeB: boolean }>(
  'product',
  ({ functions, at, output, scratch }, { a, b, bias }, { transposeA, transposeB }) => {
    const [aRows = 1, aColumns = 1] = a.shape;
    const [bRows = 1, bColumns = 1] = b.shape;
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const n = transposeB ? bRows : bColumns;
    const c = output([m, n]);
    const space = scratch(productScratch(n, k) + n);
    const zeros = space + 4 * productScratch(n, k);
    if (!bias) functions.zero(zeros, n);
    functions.product(
      ...[at(a), 4 * aColumns, Number(transposeA)],
      ...[at(b), 4 * bColumns, Number(transposeB)],
      ...[c, 4 * n, m, n, k],
      ...[bias ? at(bias) : zeros, 0, space],
    );
  },
);
