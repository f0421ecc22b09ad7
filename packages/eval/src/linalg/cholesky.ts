import { addProduct, productScratch } from './product';
import type { Workspace } from './workspace';

const BLOCK = 64;

/** A pivot below this, relative to the largest diagonal element and the dimension, counts as zero. */
const NEGLIGIBLE = 2 ** -52;

/* eslint-disable @typescript-eslint/no-non-null-assertion -- the inner loops trust their indices */

/** Numbers of scratch memory that a factorization of [n, n] needs. */
export function choleskyScratch(n: number): number {
  return productScratch(n, Math.max(n, BLOCK), n);
}

function largestDiagonal(numbers: Float64Array, at: number, n: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, numbers[at + i * n + i]!);
  return largest;
}

function clearAbove(numbers: Float64Array, at: number, n: number, columns: number): void {
  for (let i = 0; i < n; i++) numbers.fill(0, at + i * n + Math.min(i + 1, columns), at + (i + 1) * n);
}

/**
 * Replaces a symmetric matrix A [n, n] by its lower factor, A = L L'.
 *
 * @returns Whether A is positive definite to working precision; if not, the matrix is spoilt.
 */
export function cholesky(workspace: Workspace, at: number, n: number, scratch: number): boolean {
  const { numbers } = workspace;
  const negligible = NEGLIGIBLE * n * largestDiagonal(numbers, at, n);
  for (let j0 = 0; j0 < n; j0 += BLOCK) {
    const width = Math.min(BLOCK, n - j0);
    // What the columns to the left contribute, then the block itself.
    const rows = { at: at + j0 * n, stride: n };
    const block = { at: at + j0 * n + j0, stride: n };
    addProduct(workspace, -1, [rows, { ...rows, transposed: true }, block], [n - j0, width, j0], scratch);
    for (let i = j0; i < n; i++) {
      const row = at + i * n + j0;
      for (let j = 0; j < Math.min(width, i - j0); j++) {
        const other = at + (j0 + j) * n + j0;
        numbers[row + j] = (numbers[row + j]! - workspace.dot(row, other, j)) / numbers[other + j]!;
      }
      const j = i - j0;
      if (j >= width) continue;
      const pivot = numbers[row + j]! - workspace.dot(row, row, j);
      if (!(pivot > negligible)) return false;
      numbers[row + j] = Math.sqrt(pivot);
    }
  }
  clearAbove(numbers, at, n, n);
  return true;
}

function swap(numbers: Float64Array, a: number, b: number, count: number, step: number): void {
  for (let i = 0; i < count; i++) {
    const kept = numbers[a + i * step]!;
    numbers[a + i * step] = numbers[b + i * step]!;
    numbers[b + i * step] = kept;
  }
}

/**
 * Replaces a symmetric positive semidefinite matrix A [n, n] by F with A = P F F' P', where P is a permutation and F has
 * as many columns as A has rank; what follows them in a row is zero. The largest pivot that is left comes first, so
 * columns that rounding alone would make are never formed.
 *
 * @returns The rank, and the row of A that each row of F belongs to.
 */
export function pivotedCholesky(
  workspace: Workspace,
  at: number,
  n: number,
  scratch: number,
): { rank: number; order: Int32Array } {
  const { numbers } = workspace;
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const negligible = NEGLIGIBLE * n * largestDiagonal(numbers, at, n);
  const remaining = new Float64Array(n);
  for (let j0 = 0; j0 < n; j0 += BLOCK) {
    const end = Math.min(j0 + BLOCK, n);
    for (let i = j0; i < n; i++) remaining[i] = numbers[at + i * n + i]!;
    for (let j = j0; j < end; j++) {
      let best = j;
      for (let i = j + 1; i < n; i++) if (remaining[i]! > remaining[best]!) best = i;
      if (!(remaining[best]! > negligible)) {
        clearAbove(numbers, at, n, j);
        return { rank: j, order };
      }
      if (best !== j) {
        swap(numbers, at + j * n, at + best * n, n, 1);
        swap(numbers, at + j, at + best, n, n);
        swap(remaining, j, best, 1, 1);
        [order[j], order[best]] = [order[best]!, order[j]!];
      }
      const pivotRow = at + j * n + j0;
      const pivot = Math.sqrt(remaining[j]!);
      numbers[at + j * n + j] = pivot;
      for (let i = j + 1; i < n; i++) {
        const row = at + i * n + j0;
        const value = (numbers[row + j - j0]! - workspace.dot(row, pivotRow, j - j0)) / pivot;
        numbers[row + j - j0] = value;
        remaining[i]! -= value * value;
      }
    }
    const rows = { at: at + end * n + j0, stride: n };
    const rest = { at: at + end * n + end, stride: n };
    addProduct(
      workspace,
      -1,
      [rows, { ...rows, transposed: true }, rest],
      [n - end, n - end, end - j0],
      scratch,
    );
  }
  clearAbove(numbers, at, n, n);
  return { rank: n, order };
}
