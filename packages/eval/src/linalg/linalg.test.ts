import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, choleskyScratch, pivotedCholesky } from './cholesky';
import { symmetricEigenvalues } from './eigenvalues';
import { addProduct, productScratch } from './product';
import { tridiagonalScratch } from './tridiagonal';
import { createWorkspace } from './workspace';

/** Numbers that a seed gives, in [-1, 1). */
function numbers(seed: number, count: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** A B' [m, n] of A [m, k] and B [n, k]. */
function timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += a[i * k + l]! * b[j * k + l]!;
    return sum;
  });
}

const largestDifference = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.each([true, false])('with WebAssembly %s', (simd) => {
  it('has vectors where they are expected', () => {
    expect(createWorkspace('test', 1, { simd }).simd).toBe(simd);
  });

  it('multiplies matrices of any shape, transposed or not', () => {
    const size = fc.integer({ min: 1, max: 19 });
    const depth = fc.oneof(size, fc.integer({ min: 250, max: 270 }));
    const rows = fc.oneof(size, fc.integer({ min: 90, max: 110 }));
    fc.assert(
      fc.property(rows, size, depth, fc.boolean(), fc.boolean(), fc.integer(), (m, n, k, ta, tb, seed) => {
        const scratchSize = productScratch(m, n, k);
        const workspace = createWorkspace('test', m * k + k * n + m * n + scratchSize, { simd });
        const [a, b, c] = [numbers(seed, m * k), numbers(seed + 1, n * k), numbers(seed + 2, m * n)];
        const [atA, atB, atC] = [workspace.take(m * k), workspace.take(n * k), workspace.take(m * n)];
        const scratch = workspace.take(scratchSize);
        for (let i = 0; i < m * k; i++)
          workspace.numbers[atA + (ta ? (i % k) * m + Math.floor(i / k) : i)] = a[i]!;
        for (let i = 0; i < n * k; i++)
          workspace.numbers[atB + (tb ? i : (i % k) * n + Math.floor(i / k))] = b[i]!;
        workspace.numbers.set(c, atC);
        const matrices = [
          { at: atA, stride: ta ? m : k, transposed: ta },
          { at: atB, stride: tb ? k : n, transposed: tb },
          { at: atC, stride: n },
        ] as const;
        addProduct(workspace, -0.5, matrices, [m, n, k], scratch);
        const wanted = timesTransposed(a, b, m, n, k).map((value, i) => c[i]! - 0.5 * value);
        expect(largestDifference(workspace.numbers.slice(atC, atC + m * n), wanted)).toBeLessThan(1e-13 * k);
      }),
      { numRuns: 40 },
    );
  });

  it('multiplies into the lower triangle alone', () => {
    const [n, k] = [150, 7];
    const scratchSize = productScratch(n, n, k);
    const workspace = createWorkspace('test', n * k + n * n + scratchSize, { simd });
    const [at, target, scratch] = [workspace.take(n * k), workspace.take(n * n), workspace.take(scratchSize)];
    const a = numbers(3, n * k);
    workspace.numbers.set(a, at);
    const factor = { at, stride: k };
    addProduct(workspace, 1, [factor, { ...factor, transposed: true }, { at: target, stride: n }], [n, n, k], scratch, true); // prettier-ignore
    const wanted = timesTransposed(a, a, n, n, k);
    let above = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (j <= i) expect(workspace.numbers[target + i * n + j]).toBeCloseTo(wanted[i * n + j]!, 12);
        else if (workspace.numbers[target + i * n + j] === 0) above++;
      }
    }
    expect(above).toBeGreaterThan((0.9 * (n * (n - 1))) / 2); // which is what it is for
  });

  it.each([1, 2, 5, 64, 65, 130])('factors a positive definite matrix of %i', (n) => {
    const scratchSize = choleskyScratch(n);
    const workspace = createWorkspace('test', n * n + scratchSize, { simd });
    const [at, scratch] = [workspace.take(n * n), workspace.take(scratchSize)];
    const factor = numbers(n, n * 2 * n);
    const a = timesTransposed(factor, factor, n, n, 2 * n);
    workspace.numbers.set(a, at);
    expect(cholesky(workspace, at, n, scratch)).toBe(true);
    const lower = workspace.numbers.slice(at, at + n * n);
    expect(lower.filter((value, i) => i % n > Math.floor(i / n) && value !== 0)).toHaveLength(0);
    expect(largestDifference(timesTransposed(lower, lower, n, n, n), a)).toBeLessThan(1e-13 * n);
  });

  it.each([
    [1, 0],
    [5, 3],
    [70, 1],
    [100, 64],
    [140, 90],
    [70, 70],
  ])('finds the rank of a semidefinite matrix: of %i, %i', (n, rank) => {
    const scratchSize = choleskyScratch(n);
    const workspace = createWorkspace('test', n * n + scratchSize, { simd });
    const [at, scratch] = [workspace.take(n * n), workspace.take(scratchSize)];
    const factor = numbers(n + rank, n * rank);
    const a = timesTransposed(factor, factor, n, n, rank);
    workspace.numbers.set(a, at);
    if (rank < n) expect(cholesky(workspace, at, n, scratch)).toBe(false);
    workspace.numbers.set(a, at);
    const result = pivotedCholesky(workspace, at, n, scratch);
    expect(result.rank).toBe(rank);
    expect([...result.order].sort((x, y) => x - y)).toEqual([...Array(n).keys()]);
    const restored = new Float64Array(n * n);
    result.order.forEach((row, i) => {
      restored.set(workspace.numbers.subarray(at + i * n, at + (i + 1) * n), row * n);
    });
    expect(largestDifference(timesTransposed(restored, restored, n, n, n), a)).toBeLessThan(1e-13 * n);
  });

  function eigenvalues(a: Float64Array, n: number): number[] {
    const scratchSize = tridiagonalScratch(n);
    const workspace = createWorkspace('test', n * n + scratchSize, { simd });
    const [at, scratch] = [workspace.take(n * n), workspace.take(scratchSize)];
    workspace.numbers.set(a, at);
    return [...symmetricEigenvalues(workspace, at, n, scratch)].sort((x, y) => x - y);
  }

  it.each([1, 2, 3, 4, 7, 33, 100])(
    'finds the eigenvalues 2 - 2 cos(pi i / (n + 1)) of second differences, n = %i',
    (n) => {
      const a = Float64Array.from({ length: n * n }, (_, at) => {
        const apart = Math.abs(Math.floor(at / n) - (at % n));
        return apart === 0 ? 2 : apart === 1 ? -1 : 0;
      });
      const wanted = Array.from({ length: n }, (_, i) => 2 - 2 * Math.cos((Math.PI * (i + 1)) / (n + 1)));
      eigenvalues(a, n).forEach((value, i) => { expect(value).toBeCloseTo(wanted[i]!, 12); }); // prettier-ignore
    },
  );

  it.each([1, 1e-170, 1e150])('finds the eigenvalues that a rotated diagonal has, times %d', (scale) => {
    const n = 67;
    const known = Array.from({ length: n }, (_, i) => scale * (i < 5 ? 3 : i - 20)); // some repeated, some negative
    // Reflections in random planes: Q' D Q.
    let a: Float64Array = Float64Array.from({ length: n * n }, (_, at) =>
      at % (n + 1) === 0 ? known[at % n]! : 0,
    );
    for (let round = 0; round < 3; round++) {
      const v = numbers(round, n);
      const norm = v.reduce((sum, value) => sum + value * value, 0);
      const reflect = Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return (i === j ? 1 : 0) - (2 * v[i]! * v[j]!) / norm;
      });
      a = timesTransposed(timesTransposed(reflect, a, n, n, n), reflect, n, n, n); // a is symmetric
    }
    const wanted = [...known].sort((x, y) => x - y);
    eigenvalues(a, n).forEach((value, i) => { expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-11 * scale); }); // prettier-ignore
  });

  it('finds the eigenvalues of nothing and of a diagonal', () => {
    expect(eigenvalues(new Float64Array(9), 3)).toEqual([0, 0, 0]);
    expect(eigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2), 3)).toEqual([-1, 2, 3]);
  });
});

it('says in one sentence that there is no such memory', () => {
  expect(() => createWorkspace('frechetDistance', 2 ** 40)).toThrow(
    /^frechetDistance: working memory must be had, and 8388608 MiB are not there\. Use features of fewer dimensions\.$/,
  );
});
