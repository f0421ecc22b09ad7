import { expectClose } from '@meanflow/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashed } from '../testing/hash';
import { createMoments } from './moments';

const rowsOf = (name: string, count: number, d: number, offset = 0) => {
  const u = hashed(name);
  return Float64Array.from({ length: count * d }, (_, i) => offset + u(i) + (i % d) * u(Math.floor(i / d)));
};

/** Mean and covariance in two passes. */
function twoPasses(rows: Float64Array, d: number) {
  const n = rows.length / d;
  const mean = new Float64Array(d);
  rows.forEach((value, i) => { mean[i % d]! += value / n; }); // prettier-ignore
  const covariance = Float64Array.from({ length: d * d }, (_, at) => {
    let sum = 0;
    for (let r = 0; r < n; r++)
      sum +=
        (rows[r * d + Math.floor(at / d)]! - mean[Math.floor(at / d)]!) *
        (rows[r * d + (at % d)]! - mean[at % d]!);
    return sum / (n - 1);
  });
  return { mean, covariance };
}

describe('createMoments', () => {
  it('knows the covariance of two points', () => {
    const moments = createMoments(2);
    moments.add(Float32Array.of(1, 5, 3, 1));
    expect(moments.statistics()).toEqual({
      mean: Float64Array.of(2, 3),
      covariance: Float64Array.of(2, -4, -4, 8),
      count: 2,
    });
  });
  it('equals two passes, over many blocks', () => {
    const rows = rowsOf('two passes', 1030, 9);
    const moments = createMoments(9);
    moments.add(rows);
    const [result, wanted] = [moments.statistics(), twoPasses(rows, 9)];
    expectClose(result.mean, wanted.mean, 1e-14);
    expectClose(result.covariance, wanted.covariance, 1e-13);
  });
  it('does not cancel where the mean is a million times the spread', () => {
    const [near, far] = [rowsOf('cancel', 600, 3), rowsOf('cancel', 600, 3, 2 ** 20)];
    const moments = createMoments(3);
    moments.add(far);
    expectClose(moments.statistics().covariance, twoPasses(near, 3).covariance, 1e-9);
  });
  it('does not depend on how rows are dealt', () => {
    const rows = rowsOf('dealt', 700, 4);
    const whole = createMoments(4);
    whole.add(rows);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 }), (sizes) => {
        const dealt = createMoments(4);
        let at = 0;
        for (const size of [...sizes, 700]) {
          dealt.add(rows.subarray(4 * at, 4 * Math.min(700, at + size)));
          at = Math.min(700, at + size);
        }
        expect(dealt.count).toBe(700);
        expect(dealt.statistics()).toEqual(whole.statistics());
      }),
      { numRuns: 30 },
    );
  });
  it('gives statistics between rows, and goes on', () => {
    const rows = rowsOf('between', 500, 5, 100);
    const moments = createMoments(5);
    moments.add(rows.subarray(0, 10));
    moments.statistics();
    moments.add(rows.subarray(10));
    expectClose(moments.statistics().covariance, twoPasses(rows, 5).covariance, 1e-12);
  });
  it('merges what others have seen', () => {
    const rows = rowsOf('merged', 400, 3, 7);
    const parts = [rows.subarray(0, 3), rows.subarray(3, 903), rows.subarray(903)].map((part) => {
      const moments = createMoments(3);
      moments.add(part.length === 3 ? Float64Array.of(...part, ...part) : part);
      return moments;
    });
    const merged = createMoments(3);
    for (const part of parts) merged.merge(part.statistics());
    merged.add(rows.subarray(0, 300));
    const all = Float64Array.of(...rows.subarray(0, 3), ...rows, ...rows.subarray(0, 300));
    expect(merged.count).toBe(501);
    expectClose(merged.statistics().mean, twoPasses(all, 3).mean, 1e-13);
    expectClose(merged.statistics().covariance, twoPasses(all, 3).covariance, 1e-12);
  });
  it.each([0, 1.5, NaN])('refuses a dimension of %d', (d) => {
    expect(() => createMoments(d)).toThrow('createMoments: dimension must be a positive integer, got');
  });
  it('refuses numbers that are no rows, and adds nothing then', () => {
    const moments = createMoments(3);
    expect(() => { moments.add(new Float32Array(4)); }).toThrow('moments.add: features must be whole rows of 3 numbers, got 4 numbers. Is the dimension that of the network?'); // prettier-ignore
    expect(() => { moments.add(Float32Array.of(0, 0, 0, 0, NaN, 0)); }).toThrow('moments.add: features must be finite, got NaN in row 1, column 1. Look for NaN in the images or the network.'); // prettier-ignore
    expect(moments.count).toBe(0);
    expect(() => moments.statistics()).toThrow(
      'moments.statistics: at least 2 rows are needed, got 0. Add features first.',
    );
  });
  it('refuses to merge another dimension', () => {
    const [two, three] = [createMoments(2), createMoments(3)];
    two.add(new Float32Array(8));
    expect(() => { three.merge(two.statistics()); }).toThrow('moments.merge: statistics must be of 3 features, got 2. They must come from the same network.'); // prettier-ignore
  });
});
