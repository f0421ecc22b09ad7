import * as tf from '@tensorflow/tfjs-core';
import { BLOCK, packedNumbers, PANEL, TILE, tileScratch } from './productCode';
import { wasmKernel } from './runtime';

// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- an interface is no NamedTensorMap
type Factors = { a: tf.Tensor; b: tf.Tensor; bias?: tf.Tensor };

/** Multiplications, and numbers to pack, that make up for waking a thread. */
const WORTH_SHARING = { multiply: 5e5, pack: 3e4 };

/** Most rows for which B is read where it lies: it takes as long to pack as they take to multiply. */
const FEW_ROWS = 24;

/** Columns that are worth packing A once more. */
const LEAST_COLUMNS = 64;

/** Rows and columns of a tensor that is read as a matrix, its rows along the last axis. */
function matrixShape({ shape }: tf.Tensor): [rows: number, columns: number] {
  return [tf.util.sizeFromShape(shape.slice(0, -1)), shape.at(-1) ?? 1];
}

/**
 * a b + bias for matrices, either factor transposed on request. An a that is not transposed may have more axes, which the
 * product has too: a view of it costs an operation. Threads share the packed B; each computes blocks of rows,
 * or where these are few, some columns.
 */
export const wasmProduct = wasmKernel<Factors, { transposeA: boolean; transposeB: boolean }>(
  'product',
  ({ functions, at, output, scratch, threads, ranges, share }, inputs, { transposeA, transposeB }) => {
    const { a, b, bias } = inputs;
    const [aRows, aColumns] = matrixShape(a);
    const [bRows, bColumns] = matrixShape(b);
    const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
    const n = transposeB ? bRows : bColumns;
    const c = output(transposeA ? [m, n] : [...a.shape.slice(0, -1), n]);
    const isPacked = transposeB || n % PANEL !== 0 || m > FEW_ROWS;
    const packed = isPacked ? scratch(packedNumbers(n, k)) : 0;
    const start = bias ? at(bias) : scratch(n);
    if (!bias) functions.zero(start, n);

    if (isPacked) {
      const [stride, across] = [4 * bColumns, transposeB ? 4 * bColumns : 4];
      share(
        'packPanels',
        ranges(n, { unit: PANEL, least: WORTH_SHARING.pack / k }).map(([column, columns]) =>
          // prettier-ignore
          [at(b) + column * across, stride, Number(transposeB), packed + 4 * column * k, columns, k],
        ),
      );
    }

    const aAcross = transposeA ? 4 : 4 * aColumns;
    const [bAt, bAcross, bStride] = isPacked ? [packed, 4 * k, 4 * PANEL] : [at(b), 4, 4 * n];
    const part = (row: number, rows: number, column: number, columns: number) =>
      // prettier-ignore
      [ // no spreads: JavaScript that is not compiled yet takes an iterator for each
        at(a) + row * aAcross, 4 * aColumns, Number(transposeA),
        bAt + column * bAcross, bStride, PANEL * bAcross,
        c + 4 * (row * n + column), 4 * n, rows, columns, k,
        start + 4 * column, 0,
      ];
    const blocks = Math.ceil(m / BLOCK);
    const byRows = blocks >= 2 * threads || n < 2 * LEAST_COLUMNS;
    share(
      'multiplyPanels',
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
