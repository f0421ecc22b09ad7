import type { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

function values(x: Tensor | ArrayLike<number>): ArrayLike<number> {
  return 'dataSync' in x ? x.dataSync() : x;
}

/** max |a - b| / max |b|; infinite if a value is not finite. */
export function relativeError(
  actual: Tensor | ArrayLike<number>,
  expected: Tensor | ArrayLike<number>,
): number {
  const a = values(actual);
  const b = values(expected);
  expect(a.length).toBe(b.length);
  let largest = 0;
  let scale = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!Number.isFinite(difference)) return Infinity;
    largest = Math.max(largest, difference);
    scale = Math.max(scale, Math.abs(b[i] ?? 0));
  }
  return largest === 0 ? 0 : largest / Math.max(scale, Number.MIN_VALUE);
}

/** Expects max |actual - expected| <= tolerance * max |expected|, the measure that the golden files state. */
export function expectClose(
  actual: Tensor | ArrayLike<number>,
  expected: Tensor | ArrayLike<number>,
  tolerance: number,
): void {
  expect(relativeError(actual, expected)).toBeLessThanOrEqual(tolerance);
}
