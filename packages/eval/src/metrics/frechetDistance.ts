import { cholesky, choleskyScratch, pivotedCholesky } from '../linalg/cholesky';
import { symmetricEigenvalues } from '../linalg/eigenvalues';
import { addProduct, productScratch } from '../linalg/product';
import type { Matrix } from '../linalg/product';
import { tridiagonalScratch } from '../linalg/tridiagonal';
import { createWorkspace } from '../linalg/workspace';
import type { Workspace, WorkspaceOptions } from '../linalg/workspace';
import { checkStatistics } from './statistics';
import type { Statistics } from './statistics';

/** The Fréchet distance and the parts of its sum. */
export interface FrechetDistance {
  /** |mean_a - mean_b|^2 + tr A + tr B - 2 tr (A B)^(1/2), at least 0. */
  readonly distance: number;
  /** |mean_a - mean_b|^2. */
  readonly meanTerm: number;
  /** tr A + tr B - 2 tr (A B)^(1/2). */
  readonly covarianceTerm: number;
  /** Rank of the covariance that was factored: below the dimension, the other one has directions that it lacks. */
  readonly rank: number;
}

/** Columns that a product with a triangular factor takes at a time: half of a block of zeros is multiplied, no more. */
const BLOCK = 256;

function trace(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * n + i] ?? 0;
  return sum;
}

/** Undoes a permutation of rows: row i of F belongs at row order[i]. Only `rank` columns are not zero. */
function restoreOrder({ numbers }: Workspace, from: number, to: number, n: number, order: Int32Array): void {
  for (let i = 0; i < n; i++) numbers.copyWithin(to + (order[i] ?? 0) * n, from + i * n, from + (i + 1) * n);
}

/**
 * Eigenvalues of F' B F, for A = F F'. They are those of A B besides zeros; where A is deficient, a factor of as few
 * columns as it has rank leaves out those that would be noise.
 */
function eigenvaluesOfProduct(
  workspace: Workspace,
  [a, b]: readonly [Float64Array, Float64Array],
  n: number,
): { values: Float64Array; rank: number } {
  const { numbers } = workspace;
  const [first, second, third] = [workspace.take(n * n), workspace.take(n * n), workspace.take(n * n)];
  const scratch = workspace.take(scratchSize(n));
  let [factor, other, rank] = [first, second, n];
  numbers.set(a, first);
  const definite = cholesky(workspace, first, n, scratch);
  if (definite) numbers.set(b, second);
  else {
    // Whichever has the lower rank gives the smaller problem, and the one without noise.
    numbers.set(b, first);
    const ofB = pivotedCholesky(workspace, first, n, scratch);
    restoreOrder(workspace, first, second, n, ofB.order);
    numbers.set(a, first);
    const ofA = pivotedCholesky(workspace, first, n, scratch);
    if (ofA.rank <= ofB.rank) {
      restoreOrder(workspace, first, third, n, ofA.order);
      numbers.copyWithin(first, third, third + n * n);
      numbers.set(b, second);
    } else {
      [factor, other] = [second, first];
      numbers.set(a, first);
    }
    rank = Math.min(ofA.rank, ofB.rank);
  }
  // X = B F, then F' X in the place of B. Above the diagonal, a triangular factor is zero.
  const x: Matrix = { at: third, stride: n };
  numbers.fill(0, third, third + n * n);
  for (let j = 0; j < rank; j += BLOCK) {
    const [width, from] = [Math.min(BLOCK, rank - j), definite ? j : 0];
    const factors = [
      { at: other + from, stride: n },
      { at: factor + from * n + j, stride: n },
    ] as const;
    addProduct(workspace, 1, [...factors, { ...x, at: third + j }], [n, width, n - from], scratch);
  }
  numbers.fill(0, other, other + n * n);
  for (let i = 0; i < rank; i += BLOCK) {
    const [height, from] = [Math.min(BLOCK, rank - i), definite ? i : 0];
    const factors = [
      { at: factor + from * n + i, stride: n, transposed: true },
      { ...x, at: third + from * n },
    ] as const;
    const target = { at: other + i * rank, stride: rank };
    addProduct(workspace, 1, [...factors, target], [height, i + height, n - from], scratch);
  }
  return { values: symmetricEigenvalues(workspace, other, rank, scratch), rank };
}

function scratchSize(n: number): number {
  return Math.max(choleskyScratch(n), tridiagonalScratch(n), productScratch(n, n, n));
}

/**
 * The Fréchet distance between two normal distributions, |m_a - m_b|^2 + tr A + tr B - 2 tr (A B)^(1/2), in float64.
 *
 * With A = L L' (Cholesky), A B has the eigenvalues of the symmetric L' B L, and the trace of its square root is the sum
 * of their roots: no matrix root and no eigenvectors are computed. Of a covariance of fewer rows than features the factor
 * has as many columns as the rank, so the zero eigenvalues, whose rounding errors would be squared roots of 1e-16, do not
 * occur. The same in either order of the arguments, except for rounding.
 *
 * Memory: 3 D^2 + 270 D numbers of 8 bytes; 100 MiB for 2048 features.
 *
 * @throws RangeError if dimensions differ or a number is not finite.
 * @see Dowson and Landau, "The Fréchet distance between multivariate normal distributions", 1982.
 */
export function frechetDistance(
  a: Statistics,
  b: Statistics,
  options: WorkspaceOptions = {},
): FrechetDistance {
  const caller = 'frechetDistance';
  const n = checkStatistics(caller, a);
  checkStatistics(caller, b, n);
  // The one of fewer rows is more likely to be deficient, and what is factored first decides.
  const fewerFirst = (a.count ?? Infinity) <= (b.count ?? Infinity) ? ([a, b] as const) : ([b, a] as const);
  const workspace = createWorkspace(caller, 3 * n * n + scratchSize(n), options);
  const covariances = [fewerFirst[0].covariance, fewerFirst[1].covariance] as const;
  const { values, rank } = eigenvaluesOfProduct(workspace, covariances, n);
  const meanTerm = a.mean.reduce((sum, value, i) => sum + (value - (b.mean[i] ?? 0)) ** 2, 0);
  // Rounding makes eigenvalues of zero slightly negative.
  const root = values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  const covarianceTerm = trace(a.covariance, n) + trace(b.covariance, n) - 2 * root;
  return { distance: Math.max(0, meanTerm + covarianceTerm), meanTerm, covarianceTerm, rank };
}
