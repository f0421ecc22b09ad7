import type * as tf from '@tensorflow/tfjs-core';
import { BLOCK, packedNumbers, PANEL, TILE, tileScratch } from './productCode';
import { wasmKernel } from './runtime';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no NamedTensorMap
type Factors = { a: tf.Tensor; b: tf.Tensor; bias?: tf.Tensor };

/** Multiplications, and numbers to pack, that make up for waking a thread. */
const WORTH_SHARING = { multiply: 5e5, pack: 3e4 };

/** Columns that are worth packing A once more. */
const LEAST_COLUMNS = 64;

/**
 * a b + bias for matrices, either factor transposed on request. Threads share the packed B; each computes blocks of rows,
 * or where these are few, some columns.
 */
export const wasmProduct = wasmKernel<Factors, { transposeA: boolean; transposeB: boolean }>(
  'product',
  ({ functions, at, output, scratch, threads, ranges, share }, inputs, { transposeA, transposeB }) => {
    const { a, b, bias } = inputs;
    const [aRows = 1, aColumns = 1] = a.shape;
    const [bRows = 1, bColumns = 1] = b.shape;
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const n = transposeB ? bRows : bColumns;
    const c = output([m, n]);
    const packed = scratch(packedNumbers(n, k) + n);
    const start = bias ? at(bias) : packed + 4 * packedNumbers(n, k);
    if (!bias) functions.zero(start, n);

    const panels = ranges(n, { unit: PANEL, least: WORTH_SHARING.pack / k });
    const bAcross = transposeB ? 4 * bColumns : 4;
    share(
      'packPanels',
      panels.map(([column, columns]) => [
        ...[at(b) + column * bAcross, 4 * bColumns, Number(transposeB)],
        ...[packed + 4 * column * k, columns, k],
      ]),
    );

    const aAcross = transposeA ? 4 : 4 * aColumns;
    const part = (row: number, rows: number, column: number, columns: number) => [
      ...[at(a) + row * aAcross, 4 * aColumns, Number(transposeA), packed + 4 * column * k],
      ...[c + 4 * (row * n + column), 4 * n, rows, columns, k],
      ...[start + 4 * column, 0],
    ];
    const blocks = Math.ceil(m / BLOCK);
    const byRows = blocks >= 2 * threads || n < 2 * LEAST_COLUMNS;
    share(
      'multiplyPacked',
      byRows
        ? ranges(
            m,
            { unit: TILE, least: WORTH_SHARING.multiply / (n * k) },
            threads * Math.ceil(blocks / threads),
          ).map(([row, rows]) => part(row, rows, 0, n))
        : ranges(n, {
            unit: 2 * PANEL,
            least: Math.max(LEAST_COLUMNS, WORTH_SHARING.multiply / (m * k)),
          }).map(([column, columns]) => part(0, m, column, columns)),
      tileScratch(k),
    );
  },
);
