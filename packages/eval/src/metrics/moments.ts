import { addProduct, productScratch } from '../linalg/product';
import { createWorkspace } from '../linalg/workspace';
import type { WorkspaceOptions } from '../linalg/workspace';
import { checkPositive, checkRows } from './checks';
import { checkStatistics } from './statistics';
import type { CountedStatistics } from './statistics';

/** Mean and covariance of rows that come bit by bit. */
export interface Moments {
  /** Features of a row. */
  readonly dimension: number;
  /** Rows so far. */
  readonly count: number;
  /**
   * Adds rows, [n, D] row-major.
   *
   * @throws RangeError if they are not whole rows of finite numbers; nothing is added then.
   */
  add(rows: Float32Array | Float64Array): void;
  /**
   * Adds the rows that other statistics were made of.
   *
   * @throws RangeError if their dimension is another, or their count unknown.
   */
  merge(other: CountedStatistics): void;
  /**
   * Mean and covariance so far, as copies.
   *
   * @throws RangeError if there are fewer than 2 rows.
   */
  statistics(): CountedStatistics;
}

/** Rows that are multiplied at a time. */
const BLOCK = 256;

/**
 * An accumulator of mean and covariance in float64.
 *
 * Rows are shifted by the mean of the first 256, so that nothing cancels where means are large beside the spread:
 * C = (sum of d d' - s s' / n) / (n - 1), with d = x - shift and s = sum of d. They wait for each other and are multiplied
 * 256 at a time, so it does not matter how they are dealt to calls of `add`.
 *
 * Memory: D^2 + 530 D numbers of 8 bytes, 40 MiB for 2048 features; `statistics` copies D^2 of them.
 *
 * @param dimension Features of a row, D.
 * @throws RangeError if the dimension is not a positive integer, or too large for memory.
 */
export function createMoments(dimension: number, options: WorkspaceOptions = {}): Moments {
  const caller = 'createMoments';
  checkPositive(caller, 'dimension', dimension);
  const d = dimension;
  const scratchSize = productScratch(d, d, BLOCK);
  const workspace = createWorkspace(caller, d * d + BLOCK * d + scratchSize, options);
  const { numbers } = workspace;
  const products = workspace.take(d * d); // lower triangle
  const waiting = workspace.take(BLOCK * d);
  const scratch = workspace.take(scratchSize);
  const sums = new Float64Array(d);
  let shift: Float64Array | null = null;
  let [count, inWait] = [0, 0];

  function flush(): void {
    if (inWait === 0) return;
    if (shift === null) {
      shift = new Float64Array(d);
      for (let i = 0; i < inWait * d; i++)
        shift[i % d] = (shift[i % d] ?? 0) + (numbers[waiting + i] ?? 0) / inWait;
    }
    for (let row = 0; row < inWait; row++) {
      const at = waiting + row * d;
      for (let j = 0; j < d; j++) {
        const difference = (numbers[at + j] ?? 0) - (shift[j] ?? 0);
        numbers[at + j] = difference;
        sums[j] = (sums[j] ?? 0) + difference;
      }
    }
    const rows = { at: waiting, stride: d };
    const target = { at: products, stride: d };
    addProduct(workspace, 1, [{ ...rows, transposed: true }, rows, target], [d, d, inWait], scratch, true);
    inWait = 0;
  }

  return {
    dimension,
    get count() {
      return count;
    },
    add: (rows) => {
      const added = checkRows('moments.add', rows, d, count);
      for (let row = 0; row < added;) {
        const taken = Math.min(BLOCK - inWait, added - row);
        numbers.set(rows.subarray(row * d, (row + taken) * d), waiting + inWait * d);
        inWait += taken;
        row += taken;
        if (inWait === BLOCK) flush();
      }
      count += added;
    },
    merge: (other) => {
      checkStatistics('moments.merge', other, d);
      checkPositive('moments.merge', 'count', other.count);
      flush();
      shift ??= other.mean.slice();
      const n = other.count;
      const delta = other.mean.map((value, j) => value - (shift?.[j] ?? 0));
      for (let i = 0; i < d; i++) {
        const [at, scaled] = [products + i * d, n * (delta[i] ?? 0)];
        for (let j = 0; j <= i; j++) {
          const centred = (n - 1) * (other.covariance[i * d + j] ?? 0);
          numbers[at + j] = (numbers[at + j] ?? 0) + centred + scaled * (delta[j] ?? 0);
        }
        sums[i] = (sums[i] ?? 0) + scaled;
      }
      count += n;
    },
    statistics: () => {
      if (count < 2) {
        throw new RangeError(
          `moments.statistics: at least 2 rows are needed, got ${count}. Add features first.`,
        );
      }
      flush();
      const mean = Float64Array.from({ length: d }, (_, j) => (shift?.[j] ?? 0) + (sums[j] ?? 0) / count);
      const covariance = new Float64Array(d * d);
      for (let i = 0; i < d; i++) {
        const share = (sums[i] ?? 0) / count;
        for (let j = 0; j <= i; j++) {
          const value = ((numbers[products + i * d + j] ?? 0) - share * (sums[j] ?? 0)) / (count - 1);
          covariance[i * d + j] = value;
          covariance[j * d + i] = value;
        }
      }
      return { mean, covariance, count };
    },
  };
}
