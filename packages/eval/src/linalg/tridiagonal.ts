import { STRIP } from './code';
import { addProduct, productScratch } from './product';
import type { Workspace } from './workspace';

/** Reflections that are gathered before the rest of the matrix sees them. */
const BLOCK = 32;

/* eslint-disable @typescript-eslint/no-non-null-assertion -- the inner loops trust their indices */

/** Diagonal [n] and the elements beside it [n - 1] of a symmetric tridiagonal matrix. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/** Numbers of scratch memory that {@link tridiagonalize} needs for [n, n]. */
export function tridiagonalScratch(n: number): number {
  return 4 * BLOCK * n + n + productScratch(n, n, 2 * BLOCK);
}

/** y = A x for the symmetric matrix whose lower triangle is at `a`. */
function symmetricProduct(
  workspace: Workspace,
  a: number,
  stride: number,
  n: number,
  x: number,
  y: number,
): void {
  const { numbers } = workspace;
  numbers.fill(0, y, y + n);
  const whole = n - (n % STRIP);
  for (let i = 0; i < whole; i += STRIP)
    workspace.symmetricStrip(a + i * stride, stride, i, x, y, x + i, y + i);
  for (let i0 = 0; i0 < n; i0 += STRIP) {
    const from = i0 < whole ? i0 : 0; // the strips have done what is left of their blocks
    for (let i = i0; i < Math.min(i0 + STRIP, n); i++) {
      const row = a + i * stride;
      const factor = numbers[x + i]!;
      let sum = numbers[row + i]! * factor;
      for (let j = from; j < i; j++) {
        sum += numbers[row + j]! * numbers[x + j]!;
        numbers[y + j]! += numbers[row + j]! * factor;
      }
      numbers[y + i]! += sum;
    }
  }
}

/**
 * Turns x [n] into a Householder reflection I - tau v v' that maps x to (0, ..., 0, beta), with v at x and v[n - 1] = 1.
 */
function reflection(workspace: Workspace, x: number, n: number): { tau: number; beta: number } {
  const { numbers } = workspace;
  const last = numbers[x + n - 1]!;
  let scale = 0;
  for (let i = 0; i < n - 1; i++) scale = Math.max(scale, Math.abs(numbers[x + i]!));
  if (scale === 0) {
    numbers[x + n - 1] = 1;
    return { tau: 0, beta: last };
  }
  scale = Math.max(scale, Math.abs(last));
  for (let i = 0; i < n; i++) numbers[x + i]! /= scale; // squares neither overflow nor vanish
  const norm = Math.sqrt(workspace.dot(x, x, n));
  const first = numbers[x + n - 1]!;
  const beta = first > 0 ? -norm : norm;
  const divisor = first - beta;
  for (let i = 0; i < n - 1; i++) numbers[x + i]! /= divisor;
  numbers[x + n - 1] = 1;
  return { tau: (beta - first) / beta, beta: beta * scale };
}

/**
 * Reduces a symmetric matrix A [n, n] to a tridiagonal one with the same eigenvalues, by Householder reflections from the
 * last row up. Reads the lower triangle, and spoils it.
 *
 * A reflection is applied to a row only when that row is next, and to the rest of the matrix {@link BLOCK} at a time, as
 * one product A -= V W' + W V'.
 *
 * @see Dongarra, Sorensen, Hammarling, "Block reduction of matrices to condensed forms for eigenvalue computations", 1989.
 */
export function tridiagonalize(workspace: Workspace, at: number, n: number, scratch: number): Tridiagonal {
  const { numbers } = workspace;
  const [diagonal, beside] = [new Float64Array(n), new Float64Array(Math.max(0, n - 1))];
  // Rows V_0, W_0, V_1, W_1, ... and the same with each pair exchanged.
  const pairs = scratch;
  const exchanged = scratch + 2 * BLOCK * n;
  const product = exchanged + 2 * BLOCK * n;
  for (let end = n; end > 0;) {
    const width = Math.min(BLOCK, end);
    for (let done = 0; done < width; done++) {
      const k = end - 1 - done; // this row becomes tridiagonal
      const row = at + k * n;
      const v = (p: number) => pairs + 2 * p * n;
      const w = (p: number) => v(p) + n;
      for (let p = 0; p < done; p++) {
        workspace.axpy(-numbers[v(p) + k]!, w(p), row, k + 1);
        workspace.axpy(-numbers[w(p) + k]!, v(p), row, k + 1);
      }
      diagonal[k] = numbers[row + k]!;
      numbers.fill(0, v(done), v(done) + 2 * n);
      if (k === 0) continue;
      const { tau, beta } = reflection(workspace, row, k);
      beside[k - 1] = beta;
      numbers.copyWithin(v(done), row, row + k);
      if (tau === 0) continue; // w stays zero: nothing is subtracted
      symmetricProduct(workspace, at, n, k, v(done), w(done));
      for (let p = 0; p < done; p++) {
        const [alongV, alongW] = [workspace.dot(v(p), v(done), k), workspace.dot(w(p), v(done), k)];
        workspace.axpy(-alongW, v(p), w(done), k);
        workspace.axpy(-alongV, w(p), w(done), k);
      }
      const half = (tau * tau * workspace.dot(w(done), v(done), k)) / 2;
      for (let i = 0; i < k; i++)
        numbers[w(done) + i] = tau * numbers[w(done) + i]! - half * numbers[v(done) + i]!;
    }
    end -= width;
    for (let p = 0; p < 2 * width; p++)
      numbers.copyWithin(exchanged + (p ^ 1) * n, pairs + p * n, pairs + p * n + end);
    const factors = [
      { at: pairs, stride: n, transposed: true },
      { at: exchanged, stride: n },
    ] as const;
    addProduct(workspace, -1, [...factors, { at, stride: n }], [end, end, 2 * width], product, true);
  }
  return { diagonal, beside };
}
