import { permutation } from '@meanflow/random';
import { checkPositive } from './checks';
import type { FeatureRows } from './featureRows';

/** Options of {@link inceptionScore}. */
export interface InceptionScoreOptions {
  /** Parts of nearly equal size, each with a score of its own. Default 10. */
  splits?: number;
  /** Rows of a part instead, the last one has what is left: 5000 in the ADM evaluator. Default null: `splits` decides. */
  splitSize?: number | null;
  /** Seed that shuffles the rows before they are split; null keeps their order. Default null. */
  seed?: number | null;
  /** An order of the rows of one's own, instead of `seed`. */
  order?: ArrayLike<number>;
}

/** The Inception Score with the choices that it depends on. */
export interface InceptionScore {
  /** Mean over the parts. */
  readonly mean: number;
  /** Standard deviation over the parts (divisor: their number). */
  readonly std: number;
  /** Score of each part. */
  readonly scores: readonly number[];
  readonly splits: number;
  readonly splitSize: number | null;
  readonly seed: number | null;
  readonly count: number;
}

/** Mean and population standard deviation. */
export function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / values.length) };
}

/** exp(mean of sum p log p - sum q log q) of some rows, in float64. */
function scoreOf(logits: FeatureRows, rows: readonly number[]): number {
  const classes = logits.dimension;
  const [p, q] = [new Float64Array(classes), new Float64Array(classes)];
  let negativeEntropy = 0;
  for (const row of rows) {
    const values = logits.rows(row, row + 1);
    let largest = -Infinity;
    for (const value of values) largest = Math.max(largest, value);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const power = Math.exp((values[c] ?? 0) - largest);
      p[c] = power;
      sum += power;
    }
    const logSum = Math.log(sum) + largest;
    for (let c = 0; c < classes; c++) {
      const share = (p[c] ?? 0) / sum;
      negativeEntropy += share * ((values[c] ?? 0) - logSum);
      q[c] = (q[c] ?? 0) + share;
    }
  }
  const n = rows.length;
  const ofMean = q.reduce((sum, total) => (total === 0 ? sum : sum + (total / n) * Math.log(total / n)), 0);
  return Math.exp(negativeEntropy / n - ofMean);
}

/** First row of each part, and the end. */
function boundaries(count: number, splits: number, splitSize: number | null): number[] {
  const parts = splitSize === null ? splits : Math.ceil(count / splitSize);
  const at = (part: number) => (splitSize === null ? Math.floor((part * count) / splits) : part * splitSize);
  return Array.from({ length: parts + 1 }, (_, part) => Math.min(count, at(part)));
}

/**
 * The Inception Score exp(E KL(p(y | x) || p(y))), the mean over parts of the rows, in float64.
 *
 * torch-fidelity splits shuffled rows into 10, the ADM evaluator takes chunks of 5000 as they come; both are here. Values
 * of different splits do not compare.
 *
 * @param logits Class scores before the softmax, [n, classes]. Those of the original graph have no bias.
 * @throws RangeError if there are fewer rows than splits, or an option is out of its range.
 * @see Salimans et al., "Improved Techniques for Training GANs", arXiv:1606.03498.
 */
export function inceptionScore(logits: FeatureRows, options: InceptionScoreOptions = {}): InceptionScore {
  const { splits = 10, splitSize = null, seed = null, order } = options;
  const { count } = logits;
  checkPositive('inceptionScore', 'splits', splits);
  if (splitSize !== null) checkPositive('inceptionScore', 'splitSize', splitSize);
  if (count < (splitSize === null ? splits : 1)) {
    throw new RangeError(
      `inceptionScore: every split must have a row, got ${count} rows for ${splits} splits. Use more images or fewer splits.`,
    );
  }
  if (order !== undefined && order.length !== count)
    throw new RangeError(`inceptionScore: order must name each of ${count} rows, got ${order.length}.`);
  const shuffled = order ?? (seed === null ? null : permutation({ seed, purpose: 'inception-score' }, count));
  const ends = boundaries(count, splits, splitSize);
  const scores = ends.slice(1).map((end, part) => {
    const start = ends[part] ?? 0;
    const rows = Array.from({ length: end - start }, (_, i) => shuffled?.[start + i] ?? start + i);
    return scoreOf(logits, rows);
  });
  return { ...meanAndStd(scores), scores, splits: scores.length, splitSize, seed, count };
}
