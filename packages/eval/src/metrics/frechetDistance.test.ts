import { expectClose, relativeError } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import { evalGolden, goldenValues } from '../testing/goldens';
import { hashed } from '../testing/hash';
import { distanceOf, falling, turned } from './commuting.testdata';
import { frechetDistance } from './frechetDistance';
import { createMoments } from './moments';
import type { Statistics } from './statistics';

interface Case {
  d: number;
  n: [number, number];
  shift: [number, number];
  mix: [number, number];
  second_set: string;
  fid_symmetric_eigh: number;
  mean_term: number;
}
const { cases } = goldenValues('eval_frechet') as { cases: Record<string, Case> };
const file = evalGolden('eval_frechet');

/** Features of set 1 or 2 of a case, as the golden file defines them. */
function features(name: string, { d, n, shift, mix }: Case, set: 1 | 2): Float32Array {
  const [rows, by, neighbour] = [n[set - 1] ?? 0, shift[set - 1] ?? 0, mix[set - 1] ?? 0];
  const [z, a, b] = ['z', 'a', 'b'].map((part) => hashed(`eval_frechet/${name}/${String(set)}/${part}`));
  const at = (i: number) => ((z?.(i) ?? 0) - 0.5) * Math.sqrt(12);
  return Float32Array.from({ length: rows * d }, (_, i) => {
    const c = i % d;
    return (0.5 + (a?.(c) ?? 0)) * at(i) + neighbour * at(i - c + ((c + 1) % d)) + by * ((b?.(c) ?? 0) - 0.5);
  });
}

function statistics(rows: Float32Array, d: number): Statistics {
  const moments = createMoments(d);
  moments.add(rows);
  return moments.statistics();
}

describe('Fréchet distance and moments of the golden cases', () => {
  it.each(Object.entries(cases))('%s', (name, one) => {
    const sets = ([1, 2] as const).map((set) => {
      const isFirst = set === 1 || one.second_set !== 'own';
      const rows = features(name, one, isFirst ? 1 : set);
      const result = statistics(rows, one.d);
      if (!isFirst || set === 1) {
        expect(
          relativeError(rows.subarray(0, 2 * one.d), file.data(`${name}/${String(set)}/first_rows`)),
        ).toBe(0);
        expectClose(result.mean, file.data(`${name}/${String(set)}/mu`), 1e-7);
        const whole = file.names.includes(`${name}/${String(set)}/sigma`);
        const part = file.data(`${name}/${String(set)}/${whole ? 'sigma' : 'sigma_first_rows'}`);
        expectClose(result.covariance.subarray(0, part.length), part, 1e-7);
      }
      return result;
    }) as [Statistics, Statistics];
    const { distance, meanTerm } = frechetDistance(...sets);
    expect(Math.abs(meanTerm - one.mean_term)).toBeLessThan(1e-12 * (1 + one.mean_term));
    const deficient = name.includes('deficient');
    expect(Math.abs(distance - one.fid_symmetric_eigh)).toBeLessThan(
      (deficient ? 1e-6 : 1e-9) * Math.max(1e-3, one.fid_symmetric_eigh),
    );
    const swapped = frechetDistance(sets[1], sets[0]).distance;
    expect(Math.abs(swapped - distance)).toBeLessThan((deficient ? 1e-7 : 1e-10) * Math.max(1e-3, distance));
    const plain = frechetDistance(...sets, { simd: false }).distance;
    expect(Math.abs(plain - distance)).toBeLessThan((deficient ? 1e-7 : 1e-10) * Math.max(1e-3, distance));
  });
});

describe('frechetDistance', () => {
  const diagonal = (...values: number[]) =>
    Float64Array.from({ length: values.length ** 2 }, (_, i) =>
      i % (values.length + 1) === 0 ? (values[i % values.length] ?? 0) : 0,
    );
  const normal = (mean: number[], variances: number[]): Statistics => ({
    mean: Float64Array.from(mean),
    covariance: diagonal(...variances),
    count: null,
  });

  it("is the sum of (m - m')^2 + (s - s')^2 for independent features", () => {
    const [a, b] = [normal([0, 1, 2], [1, 4, 9]), normal([3, 1, 0], [4, 0, 16])];
    expect(frechetDistance(a, b)).toEqual({
      distance: expect.closeTo(9 + 4 + 1 + 4 + 1, 12) as number,
      meanTerm: 13,
      covarianceTerm: expect.closeTo(6, 12) as number,
      rank: 3,
    });
    expect(frechetDistance(b, a).distance).toBeCloseTo(19, 12);
    expect(frechetDistance(b, b).distance).toBeCloseTo(0, 12);
  });
  it('is the mean term alone for two points', () => {
    expect(frechetDistance(normal([0, 0], [0, 0]), normal([3, 4], [0, 0]))).toEqual({
      distance: 25,
      meanTerm: 25,
      covarianceTerm: 0,
      rank: 0,
    });
  });
  it.each([
    [1, 0, 0],
    [50, 3, 0],
    [97, 8, 0],
    [97, 2, 40],
    [130, 1, 129],
  ])(
    'knows covariances that commute: %i features, variances over 10^%i, %i of them 0',
    (n, orders, zeros) => {
      const [a, b] = [falling(n, orders, zeros, 'a'), falling(n, orders, 0, 'b')];
      const wanted = distanceOf(a, b);
      for (const sets of [
        [a, b],
        [b, a],
      ] as const) {
        // prettier-ignore
        const { distance, rank } = frechetDistance({ ...turned(sets[0]), count: sets[0] === a ? 1 : 2 }, { ...turned(sets[1]), count: sets[1] === a ? 1 : 2 }); // prettier-ignore
        expect(rank).toBe(n - zeros);
        expect(Math.abs(distance - wanted)).toBeLessThan(orders > 3 ? 1e-7 : 1e-10); // products of variances, 10^-16, are the rounding of 1
      }
    },
  );
  it('grows with the square of a scale', () => {
    const rows = [1, 2].map((set) => Float64Array.from({ length: 600 }, (_, i) => hashed(String(set))(i)));
    const of = (scale: number) => {
      const both = rows.map((one) => {
        const moments = createMoments(6);
        moments.add(one.map((value) => scale * value));
        return moments.statistics();
      });
      return frechetDistance(both[0]!, both[1]!).distance;
    };
    expect(of(1e6) / of(1)).toBeCloseTo(1e12, -3);
  });
  it('refuses what does not belong together', () => {
    const two = normal([0, 0], [1, 1]);
    expect(() => frechetDistance(two, normal([0], [1]))).toThrow('frechetDistance: statistics must be of 2 features, got 1. They must come from the same network.'); // prettier-ignore
    expect(() => frechetDistance(two, { ...two, covariance: new Float64Array(3) })).toThrow('frechetDistance: a covariance must have 2 x 2 numbers as the mean has 2, got 3.'); // prettier-ignore
    expect(() => frechetDistance(two, normal([NaN, 0], [1, 1]))).toThrow('frechetDistance: statistics must be finite, got NaN or infinity.'); // prettier-ignore
    expect(() => frechetDistance(normal([], []), two)).toThrow('frechetDistance: a mean must have at least one number, got none.'); // prettier-ignore
  });
});
