import { uniforms } from '@meanflow/random';
import { addProduct, productScratch } from '../linalg/product';
import { createWorkspace } from '../linalg/workspace';
import type { Workspace, WorkspaceOptions } from '../linalg/workspace';
import { checkPositive } from './checks';
import type { FeatureRows } from './featureRows';
import { meanAndStd } from './inceptionScore';

/** Options of {@link kernelDistance}. */
export interface KernelDistanceOptions extends WorkspaceOptions {
  /** Subsets that are drawn. Default 100. */
  subsets?: number;
  /** Rows of a subset. Default 1000, or as many as the smaller set has. */
  subsetSize?: number;
  /** Seed of the subsets. Default 0. */
  seed?: number;
  /** Rows of each subset, instead of drawn ones. */
  rows?: { readonly real: readonly ArrayLike<number>[]; readonly fake: readonly ArrayLike<number>[] };
  /** How the maximum mean discrepancy is estimated. Default `unbiased`, which is KID. */
  estimator?: 'unbiased' | 'biased' | 'u-statistic';
  /** Degree of the kernel (gamma x.y + offset)^degree. Default 3. */
  degree?: number;
  /** Its gamma. Default 1 / D. */
  gamma?: number;
  /** Its offset. Default 1. */
  offset?: number;
}

/** The kernel distance with the choices that it depends on. */
export interface KernelDistance {
  /** Mean over the subsets. An unbiased estimate may be negative. */
  readonly mean: number;
  /** Standard deviation over the subsets (divisor: their number). */
  readonly std: number;
  /** Estimate of each subset. */
  readonly values: readonly number[];
  readonly subsets: number;
  readonly subsetSize: number;
  /** null where the rows were given. */
  readonly seed: number | null;
  readonly estimator: 'unbiased' | 'biased' | 'u-statistic';
  readonly kernel: { readonly degree: number; readonly gamma: number; readonly offset: number };
}

/** `size` different numbers below `count`, uniformly: the beginning of a Fisher-Yates shuffle. */
function draw(count: number, size: number, seed: number, purpose: string, subset: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const u = uniforms({ seed, purpose, step: subset }, 2 * size); // of 24 bits each: two for a number without bias
  for (let i = 0; i < size; i++) {
    const fraction = (u[2 * i] ?? 0) + (u[2 * i + 1] ?? 0) * 2 ** -24;
    const j = i + Math.floor(fraction * (count - i));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order.subarray(0, size);
}

/** Sum of the kernel over a matrix of products, and of its diagonal. */
function kernelSums(
  { numbers }: Workspace,
  at: number,
  m: number,
  kernel: (product: number) => number,
  lower: boolean,
): { all: number; diagonal: number } {
  let [off, diagonal] = [0, 0];
  for (let i = 0; i < m; i++) {
    let row = 0;
    for (let j = 0; j < (lower ? i : m); j++) if (j !== i) row += kernel(numbers[at + i * m + j] ?? 0);
    off += lower ? 2 * row : row;
    diagonal += kernel(numbers[at + i * m + i] ?? 0);
  }
  return { all: off + diagonal, diagonal };
}

/**
 * The Kernel Inception Distance: the squared maximum mean discrepancy under the kernel (x.y / D + 1)^3, estimated without
 * bias on random subsets, in float64.
 *
 * With a = sum over i != j of k(x_i, x_j), b the same of y, and c = sum over all i, j of k(x_i, y_j), m rows each:
 * unbiased (a + b) / (m (m - 1)) - 2 c / m^2; biased, sums with i = j, divided by m^2; U-statistic, without the pairs
 * i = j in c, divided by m (m - 1).
 *
 * Memory: 16 D m + 8 m^2 bytes and 2 MiB, 41 MiB for subsets of 1000 rows of 2048.
 *
 * @throws RangeError if dimensions differ, a subset has more rows than a set or fewer than 2, or an option is out of its
 *   range.
 * @see Binkowski et al., "Demystifying MMD GANs", arXiv:1801.01401.
 */
export function kernelDistance(
  real: FeatureRows,
  fake: FeatureRows,
  options: KernelDistanceOptions = {},
): KernelDistance {
  const d = real.dimension;
  const smaller = Math.min(real.count, fake.count);
  const { rows, seed = 0, estimator = 'unbiased', degree = 3, gamma = 1 / d, offset = 1 } = options;
  const subsets = rows?.real.length ?? options.subsets ?? 100;
  const m = rows?.real[0]?.length ?? options.subsetSize ?? Math.min(1000, smaller);
  const caller = 'kernelDistance';
  checkPositive(caller, 'subsets', subsets);
  checkPositive(caller, 'degree', degree);
  if (fake.dimension !== d) {
    throw new RangeError(
      `${caller}: both sets must have rows of ${d} features, got ${fake.dimension}. They must come from the same network.`,
    );
  }
  if (!Number.isSafeInteger(m) || m < 2 || (rows === undefined && m > smaller)) {
    throw new RangeError(
      `${caller}: subsetSize must be an integer from 2 to the ${smaller} rows of the smaller set, got ${m}. Use more images or a smaller subsetSize.`,
    );
  }
  if (rows !== undefined && [...rows.real, ...rows.fake].some((subset) => subset.length !== m))
    throw new RangeError(`${caller}: all subsets must have as many rows as the first, ${m}.`);
  if (rows !== undefined && rows.fake.length !== subsets) {
    throw new RangeError(
      `${caller}: both sets must have as many subsets, got ${subsets} and ${rows.fake.length}.`,
    );
  }

  const scratchSize = productScratch(m, m, d);
  const workspace = createWorkspace(caller, 2 * m * d + m * m + scratchSize, options);
  const { numbers } = workspace;
  const [x, y] = [workspace.take(m * d), workspace.take(m * d)];
  const [products, scratch] = [workspace.take(m * m), workspace.take(scratchSize)];
  const kernel = (product: number) => {
    const base = gamma * product + offset;
    let power = base;
    for (let factor = 1; factor < degree; factor++) power *= base; // several times as fast as a power
    return power;
  };
  const gather = (set: FeatureRows, subset: ArrayLike<number>, to: number) => {
    for (let i = 0; i < m; i++) {
      const row = subset[i] ?? -1;
      if (!(row >= 0 && row < set.count))
        throw new RangeError(`${caller}: rows must be numbers from 0 to ${set.count - 1}, got ${row}.`);
      numbers.set(set.rows(row, row + 1), to + i * d);
    }
  };
  const sums = (a: number, b: number) => {
    numbers.fill(0, products, products + m * m);
    const factors = [{ at: a, stride: d }, { at: b, stride: d, transposed: true }] as const; // prettier-ignore
    addProduct(workspace, 1, [...factors, { at: products, stride: m }], [m, m, d], scratch, a === b);
    return kernelSums(workspace, products, m, kernel, a === b);
  };
  const values = Array.from({ length: subsets }, (_, subset) => {
    gather(real, rows?.real[subset] ?? draw(real.count, m, seed, 'kernel-distance/real', subset), x);
    gather(fake, rows?.fake[subset] ?? draw(fake.count, m, seed, 'kernel-distance/fake', subset), y);
    const [xx, yy, xy] = [sums(x, x), sums(y, y), sums(x, y)];
    const pairs = m * (m - 1);
    const within = (xx.all - xx.diagonal + yy.all - yy.diagonal) / pairs;
    if (estimator === 'biased') return (xx.all + yy.all - 2 * xy.all) / m ** 2;
    return within - (estimator === 'unbiased' ? (2 * xy.all) / m ** 2 : (2 * (xy.all - xy.diagonal)) / pairs);
  });
  return {
    ...meanAndStd(values),
    values,
    subsets,
    subsetSize: m,
    seed: rows === undefined ? seed : null,
    estimator,
    kernel: { degree, gamma, offset },
  };
}
