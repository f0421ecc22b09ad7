import { describeBackends, expectClose, expectNoLeakAsync } from '@meanflow/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featureRows } from '../metrics/featureRows';
import type { FeatureRows } from '../metrics/featureRows';
import { evalGolden, goldenValues } from '../testing/goldens';
import { hashed } from '../testing/hash';
import { centreOf, exactDistance, prepareRows } from './distances';
import { neighbourMetrics } from './neighbourMetrics';
import type { BallOptions } from './neighbourMetrics';
import { squaredRadii } from './radii';

const file = evalGolden('eval_is_kid_prdc');
const values = goldenValues('eval_is_kid_prdc') as {
  precision_recall: Record<string, { precision: number; recall: number; f_score: number }>;
  exact_float64: Record<
    'k3' | 'k5',
    { precision: number; recall: number; density: number; coverage: number }
  >;
};
const rowsOf = (set: 'real' | 'fake') => featureRows(file.data(`features/${set}`) as Float32Array, 32);
const [real, fake] = [rowsOf('real'), rowsOf('fake')];

/** All metrics from all distances, one by one. */
function slowly(x: FeatureRows, y: FeatureRows, { k = 3, boundary = '<=' }: BallOptions) {
  const row = (set: FeatureRows, i: number) => set.rows(i, i + 1);
  const radius = (set: FeatureRows, i: number) =>
    Array.from({ length: set.count }, (_, j) => exactDistance(row(set, i), row(set, j)))
      .filter((_, j) => j !== i)
      .sort((a, b) => a - b)[k - 1]!;
  const isInside = (distance: number, r: number) => (boundary === '<' ? distance < r : distance <= r);
  const all = (n: number) => [...Array(n).keys()];
  const [inReal, inFake] = [all(x.count), all(y.count)].map((_, side) =>
    all(x.count).map((i) => {
      const own = side === 0 ? radius(x, i) : 0;
      return all(y.count).map((j) =>
        isInside(exactDistance(row(x, i), row(y, j)), side === 0 ? own : radius(y, j)),
      );
    }),
  ) as [boolean[][], boolean[][]];
  const precision = all(y.count).filter((j) => inReal.some((one) => one[j])).length / y.count;
  const recall = inFake.filter((one) => one.includes(true)).length / x.count;
  const coverage = inReal.filter((one) => one.includes(true)).length / x.count;
  const density = inReal.flat().filter(Boolean).length / (k * y.count);
  return { precision, recall, coverage, density };
}

async function metrics(x: FeatureRows, y: FeatureRows, balls: BallOptions, blockRows?: number) {
  const options = {
    precisionRecall: balls,
    densityCoverage: balls,
    ...(blockRows !== undefined && { blockRows }),
  };
  const { precisionRecall, densityCoverage } = await neighbourMetrics(x, y, options);
  return { ...precisionRecall!, ...densityCoverage! };
}

describeBackends('nearest neighbours', () => {
  it.each([3, 5] as const)('has the radii and counts of prdc for k = %i', async (k) => {
    for (const set of ['real', 'fake'] as const) {
      const rows = rowsOf(set);
      const [radii] = await squaredRadii(prepareRows(rows, centreOf(rows)), [k], { blockRows: 100 });
      expectClose(radii!.map(Math.sqrt), file.data(`prdc/radii_${set}_k${k}`), 1e-7);
    }
    const wanted = values.exact_float64[`k${k}`];
    const { precision, recall, density, coverage } = await metrics(real, fake, { k, boundary: '<' }, 128);
    expect([precision, recall, coverage]).toEqual([wanted.precision, wanted.recall, wanted.coverage]);
    expect(density).toBeCloseTo(wanted.density, 12);
    expectClose([precision, recall, density, coverage], file.data(`prdc/k${k}`), 1e-7);
  });

  it('has the fractions of torch-fidelity and of the ADM evaluator', async () => {
    const { precision, recall, fScore } = await metrics(real, fake, { k: 3, boundary: '<=' });
    expectClose([precision, recall, fScore], file.data('precision_recall/torch_fidelity_k3'), 1e-7);
    const { adm_k3_float32_distances: exact, adm_k3_float16_distances: half } = values.precision_recall;
    expect({ precision, recall }).toEqual(exact);
    expect(Math.abs(precision - half!.precision)).toBeLessThanOrEqual(2 / 350); // float16: two points
    expect(Math.abs(recall - half!.recall)).toBeLessThanOrEqual(2 / 400);
  });

  it('counts exactly where distances tie or rounding hides them', async () => {
    // Points of a small lattice far from the origin: nearly all distances tie, and float32 loses most of them.
    const lattice = (name: string, count: number) => {
      const u = hashed(name);
      return featureRows(
        Float32Array.from({ length: 3 * count }, (_, i) => 4096 + Math.floor(4 * u(i)) / 16),
        3,
      );
    };
    const [x, y] = [lattice('x', 70), lattice('y', 50)];
    for (const boundary of ['<', '<='] as const) {
      const balls = { k: 4, boundary };
      expect(await metrics(x, y, balls, 16)).toMatchObject(slowly(x, y, balls));
    }
  });

  it('leaves no tensor behind', () =>
    expectNoLeakAsync(async () => {
      await neighbourMetrics(real, fake, { blockRows: 150 });
    }));

  it('leaves no tensor behind when it is stopped', () =>
    expectNoLeakAsync(async () => {
      const controller = new AbortController();
      const run = neighbourMetrics(real, fake, {
        blockRows: 100,
        signal: controller.signal,
        onProgress: (share) => {
          if (share > 0.4) controller.abort();
        },
      });
      await expect(run).rejects.toThrow('aborted');
    }));
});

describe('neighbourMetrics', () => {
  it('equals counting one by one, for any points', async () => {
    const coordinate = fc.integer({ min: -3, max: 3 });
    const set = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        set,
        set,
        fc.constantFrom('<' as const, '<=' as const),
        fc.integer({ min: 1, max: 2 }),
        async (a, b, boundary, k) => {
          const [x, y] = [a, b].map((points) => featureRows(Float64Array.from(points.flat()), 2)) as [FeatureRows, FeatureRows]; // prettier-ignore
          expect(await metrics(x, y, { k, boundary }, 5)).toMatchObject(slowly(x, y, { k, boundary }));
        },
      ),
      { numRuns: 50 },
    );
  });
  it('is all or nothing for the same set and for sets far apart', async () => {
    const far = featureRows(
      real.rows(0, 400).map((value) => value + 1000),
      32,
    );
    expect(await metrics(real, real, { k: 3 })).toMatchObject({
      precision: 1,
      recall: 1,
      fScore: 1,
      coverage: 1,
    });
    expect(await metrics(real, far, { k: 3 })).toMatchObject({ precision: 0, recall: 0, fScore: 0, density: 0, coverage: 0 }); // prettier-ignore
  });
  it('computes all distances of a row among many equal ones', async () => {
    const x = featureRows(
      Float32Array.from({ length: 200 }, (_, i) => (i < 190 ? 0.1 : i)),
      2,
    );
    const [radii] = await squaredRadii(prepareRows(x, centreOf(x)), [4]);
    expect([...radii!.subarray(0, 95)]).toEqual(Array<number>(95).fill(0));
    expect(radii![99]).toBe(8 * 16);
  });
  it('leaves out what is not wanted, and says what was chosen', async () => {
    expect(await neighbourMetrics(real, fake, { precisionRecall: null })).toMatchObject({
      precisionRecall: null,
      densityCoverage: { k: 5, boundary: '<', coverage: values.exact_float64.k5.coverage },
      realCount: 400,
      fakeCount: 350,
    });
    expect(
      (await neighbourMetrics(real, fake, { precisionRecall: null, densityCoverage: null })).densityCoverage,
    ).toBe(null);
  });
  it('reports progress up to 1', async () => {
    const shares: number[] = [];
    await neighbourMetrics(real, fake, { blockRows: 200, onProgress: (share) => shares.push(share) });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
  it.each([
    [
      { precisionRecall: { k: 350 } },
      'neighbourMetrics: k must be below the 350 rows of the smaller set, got 350. Use more images or a smaller k.',
    ],
    [{ densityCoverage: { k: 0 } }, 'neighbourMetrics: k must be a positive integer, got 0.'],
    [{ blockRows: 0.5 }, 'neighbourMetrics: blockRows must be a positive integer, got 0.5.'],
  ])('refuses %j', async (options, message) => {
    await expect(neighbourMetrics(real, fake, options)).rejects.toThrow(message);
  });
  it('refuses features that overflow', async () => {
    const huge = featureRows(
      real.rows(0, 400).map((value) => value * 1e30),
      32,
    );
    await expect(neighbourMetrics(huge, fake)).rejects.toThrow('neighbourMetrics: features must lie within 2^62 of each other for products in float32, got'); // prettier-ignore
  });
  it('decides in float64 where features are so small that products vanish', async () => {
    const small = [real, fake].map((set) => featureRows(Float64Array.from(set.rows(0, 60), (value) => value * 2 ** -80), 32)); // prettier-ignore
    const [x, y] = [real, fake].map((set) => featureRows(set.rows(0, 60), 32));
    expect(await metrics(small[0]!, small[1]!, {})).toEqual(await metrics(x!, y!, {}));
  });
  it('refuses sets of different features', async () => {
    await expect(neighbourMetrics(real, featureRows(new Float32Array(8), 2))).rejects.toThrow(
      'neighbourMetrics: both sets must have rows of 32 features, got 2. They must come from the same network.',
    );
  });
});
