import * as tf from '@tensorflow/tfjs-core';
import type { FeatureRows } from '../metrics/featureRows';

/** Half the distance of float32 numbers next to 1. */
const UNIT = 2 ** -24;
/** Squares up to here keep all products in the range of float32. */
const LARGEST = 2 ** 124;
/** Distances of the first block that are compared with exact ones. */
const PROBES = 64;

/** Features as products in float32 take them: moved to their centre, which leaves distances as they are. */
export interface PreparedRows {
  readonly features: FeatureRows;
  /** |row - centre|^2 of each row as it was rounded to float32. */
  readonly squares: Float64Array;
  readonly centre: Float64Array;
}

/** Mean of the first rows: any point near the data does. */
export function centreOf(features: FeatureRows, rows = 1024): Float64Array {
  const count = Math.min(rows, features.count);
  const centre = new Float64Array(features.dimension);
  features.rows(0, count).forEach((value, i) => {
    centre[i % features.dimension] = (centre[i % features.dimension] ?? 0) + value / count;
  });
  return centre;
}

/** Rows `start` to `end` minus the centre, in float32, row-major or as columns. */
function centred(
  { features, centre }: Omit<PreparedRows, 'squares'>,
  start: number,
  end: number,
  asColumns = false,
): Float32Array {
  const d = features.dimension;
  const values = features.rows(start, end);
  const n = end - start;
  const result = new Float32Array(n * d);
  for (let row = 0; row < n; row++) {
    for (let j = 0; j < d; j++)
      result[asColumns ? j * n + row : row * d + j] = (values[row * d + j] ?? 0) - (centre[j] ?? 0);
  }
  return result;
}

/**
 * Rows of a set as {@link forEachBlock} takes them.
 *
 * @throws RangeError if a product might exceed the range of float32.
 */
export function prepareRows(features: FeatureRows, centre: Float64Array): PreparedRows {
  const [d, n] = [features.dimension, features.count];
  const squares = new Float64Array(n);
  const step = 256;
  for (let start = 0; start < n; start += step) {
    const end = Math.min(n, start + step);
    const values = centred({ features, centre }, start, end);
    for (let row = start; row < end; row++) {
      let sum = 0;
      for (let j = (row - start) * d; j < (row - start + 1) * d; j++) sum += (values[j] ?? 0) ** 2;
      if (!(sum < LARGEST)) {
        throw new RangeError(
          `neighbourMetrics: features must lie within 2^62 of each other for products in float32, got ${Math.sqrt(sum)} from the centre in row ${row}. Scale them down.`,
        );
      }
      squares[row] = sum;
    }
  }
  return { features, squares, centre };
}

/** |x - y|^2 of two rows in float64: what decides. */
export function exactDistance(x: Float32Array | Float64Array, y: Float32Array | Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) {
    const difference = (x[j] ?? 0) - (y[j] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

/** x.y for rows `rowStart` to `rowEnd` of one set and `columnStart` to `columnEnd` of another. */
export interface ProductBlock {
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly columnStart: number;
  readonly columnEnd: number;
  /** [rows, columns], row-major. */
  readonly products: Float32Array;
}

export interface BlockOptions {
  /** Rows of a block of distances, and its columns: 12 bytes of memory for each pair. Default 2048. */
  blockRows?: number;
  /** Called after each block with the share of the work that is done, in (0, 1]. */
  onProgress?: (share: number) => void;
  /** Stops the computation between blocks. */
  signal?: AbortSignal;
}

/**
 * All products x.y of two sets, in blocks, by the active backend of tfjs in float32.
 *
 * @param symmetric Whether the sets are one; then only blocks on and below the diagonal come.
 */
export async function forEachBlock(
  x: PreparedRows,
  y: PreparedRows,
  symmetric: boolean,
  { blockRows = 2048, onProgress, signal }: BlockOptions,
  use: (block: ProductBlock) => void,
): Promise<void> {
  await tf.ready(); // nobody else need have asked for a backend
  const d = x.features.dimension;
  const [n, m] = [x.features.count, y.features.count];
  const pairs = symmetric ? (n * (n + 1)) / 2 : n * m;
  let done = 0;
  for (let columnStart = 0; columnStart < m; columnStart += blockRows) {
    const columnEnd = Math.min(m, columnStart + blockRows);
    const columns = columnEnd - columnStart;
    // Transposed here: a product with a transposed factor is ten times slower on wasm.
    const right = tf.tensor2d(centred(y, columnStart, columnEnd, true), [d, columns], 'float32');
    try {
      for (let rowStart = symmetric ? columnStart : 0; rowStart < n; rowStart += blockRows) {
        signal?.throwIfAborted();
        const rowEnd = Math.min(n, rowStart + blockRows);
        const rows = rowEnd - rowStart;
        const result = tf.tidy(() =>
          tf.matMul(tf.tensor2d(centred(x, rowStart, rowEnd), [rows, d], 'float32'), right),
        );
        let products: Float32Array;
        try {
          products = await result.data<'float32'>();
        } finally {
          result.dispose();
        }
        use({ rowStart, rowEnd, columnStart, columnEnd, products });
        done += symmetric && rowStart === columnStart ? (rows * (rows + 1)) / 2 : rows * columns;
        onProgress?.(done / pairs);
      }
    } finally {
      right.dispose();
    }
  }
}

/**
 * How far |x|^2 + |y|^2 - 2 x.y in float32 may be from |x - y|^2, in units of |x|^2 + |y|^2.
 *
 * A product of D terms has an error of at most D u |x| |y| <= D u (|x|^2 + |y|^2) / 2, u = 2^-24, and rounding the rows
 * moves them by u |x| and u |y|. Some devices multiply in less than float32, so a sample of the block is compared, too.
 */
export function errorBound(x: PreparedRows, y: PreparedRows, block: ProductBlock): number {
  const { rowStart, rowEnd, columnStart, columnEnd, products } = block;
  const [rows, columns] = [rowEnd - rowStart, columnEnd - columnStart];
  let bound = (x.features.dimension + 8) * UNIT;
  for (let probe = 0; probe < PROBES; probe++) {
    const [i, j] = [Math.floor((probe * rows) / PROBES), (probe * 1009) % columns];
    const scale = (x.squares[rowStart + i] ?? 0) + (y.squares[columnStart + j] ?? 0);
    if (scale === 0) continue;
    const row = x.features.rows(rowStart + i, rowStart + i + 1).slice();
    const exact = exactDistance(row, y.features.rows(columnStart + j, columnStart + j + 1));
    const error = Math.abs(scale - 2 * (products[i * columns + j] ?? NaN) - exact) / scale;
    if (error > bound) bound = 8 * error;
  }
  return bound;
}

/** |x|^2 of each row less the share of it that may be rounding: their sums, minus 2 x.y, are lower bounds of distances. */
export function lessError({ squares }: PreparedRows, errorShare: number): Float64Array {
  return squares.map((square) => (1 - errorShare) * square);
}
