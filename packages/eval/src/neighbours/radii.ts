import type { FeatureRows } from '../metrics/featureRows';
import { errorBound, exactDistance, forEachBlock, lessError } from './distances';
import type { BlockOptions, PreparedRows, ProductBlock } from './distances';

/** Neighbours kept beyond the k-th: as many as may seem nearer in float32 than they are. */
const SPARE = 29;

/** For each row, the others with the lowest lower bounds of their distance, in order. */
interface Candidates {
  readonly size: number;
  readonly bounds: Float64Array;
  readonly rows: Int32Array;
  /** The largest bound of each row: what is not below it does not count. */
  readonly limits: Float64Array;
}

/** Puts a row where it belongs among the candidates of another. */
function offer({ size, bounds, rows, limits }: Candidates, of: number, bound: number, row: number): void {
  const first = of * size;
  let at = first + size - 1;
  for (; at > first && (bounds[at - 1] ?? Infinity) > bound; at--) {
    bounds[at] = bounds[at - 1] ?? Infinity;
    rows[at] = rows[at - 1] ?? -1;
  }
  bounds[at] = bound;
  rows[at] = row;
  limits[of] = bounds[first + size - 1] ?? Infinity;
}

/** @param lowest |x|^2 of each row, less the share of it that may be rounding. */
function offerBlock(
  candidates: Candidates,
  lowest: Float64Array,
  { rowStart, rowEnd, columnStart, columnEnd, products }: ProductBlock,
): void {
  const { limits } = candidates;
  const columns = columnEnd - columnStart;
  for (let i = rowStart; i < rowEnd; i++) {
    const ofRow = lowest[i] ?? 0;
    let limit = limits[i] ?? 0;
    const base = (i - rowStart) * columns - columnStart;
    const end = Math.min(columnEnd, i); // below the diagonal: each pair once
    for (let j = columnStart; j < end; j++) {
      const bound = ofRow + (lowest[j] ?? 0) - 2 * (products[base + j] ?? 0);
      if (bound < limit) {
        offer(candidates, i, bound, j);
        limit = limits[i] ?? 0;
      }
      if (bound < (limits[j] ?? 0)) offer(candidates, j, bound, i);
    }
  }
}

/** Distances of one row to all others. */
function allDistances(features: FeatureRows, row: number): Float64Array {
  const own = features.rows(row, row + 1).slice();
  const distances = new Float64Array(features.count - 1);
  for (let j = 0; j < features.count; j++)
    if (j !== row) distances[j < row ? j : j - 1] = exactDistance(own, features.rows(j, j + 1));
  return distances.sort();
}

/** Squared distance of a row to its k-th nearest other one for each k, exactly. */
function exactRadii(
  features: FeatureRows,
  row: number,
  ks: readonly number[],
  candidates: Candidates,
): number[] {
  const { size, rows, limits } = candidates;
  const own = features.rows(row, row + 1).slice();
  const known = rows.subarray(row * size, (row + 1) * size).filter((other) => other >= 0);
  const distances = Float64Array.from(known, (other) =>
    exactDistance(own, features.rows(other, other + 1)),
  ).sort();
  const largest = distances[Math.max(...ks) - 1] ?? Infinity;
  // Rows that were left out are at least as far as the last bound says.
  const isComplete = known.length === features.count - 1 || largest <= Math.max(0, limits[row] ?? 0);
  const sorted = isComplete ? distances : allDistances(features, row);
  return ks.map((k) => sorted[k - 1] ?? NaN);
}

/**
 * Squared distances of each row to its k-th nearest other row, for several k, exact in float64.
 *
 * Products in float32 give bounds of all distances; those rows that may be among the nearest, some more than k, are
 * computed in float64. If they are too many to be sure, as among nearly equal rows, all distances of that row are.
 *
 * @param ks Each from 1 to the number of rows less one.
 * @returns One array for each k, [n].
 */
export async function squaredRadii(
  prepared: PreparedRows,
  ks: readonly number[],
  options: BlockOptions = {},
): Promise<Float64Array[]> {
  const { features } = prepared;
  const n = features.count;
  const size = Math.min(n - 1, Math.max(...ks) + SPARE);
  const candidates: Candidates = {
    size,
    bounds: new Float64Array(n * size).fill(Infinity),
    rows: new Int32Array(n * size).fill(-1),
    limits: new Float64Array(n).fill(Infinity),
  };
  let lowest: Float64Array | null = null;
  await forEachBlock(prepared, prepared, true, options, (block) => {
    lowest ??= lessError(prepared, errorBound(prepared, prepared, block));
    offerBlock(candidates, lowest, block);
  });
  const radii = ks.map(() => new Float64Array(n));
  for (let row = 0; row < n; row++) {
    exactRadii(features, row, ks, candidates).forEach((radius, i) => {
      const target = radii[i];
      if (target !== undefined) target[row] = radius;
    });
  }
  return radii;
}
