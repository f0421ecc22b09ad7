import { expectClose } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import { evalGolden, goldenValues } from '../testing/goldens';
import { featureRows } from './featureRows';
import { kernelDistance } from './kernelDistance';

const file = evalGolden('eval_is_kid_prdc');
const { kid } = goldenValues('eval_is_kid_prdc') as {
  kid: {
    per_subset_float64: number[];
    mean: number;
    std: number;
    first_100_rows: Record<'biased' | 'unbiased' | 'u-statistic', number>;
  };
};
const real = featureRows(file.data('features/real') as Float32Array, 32);
const fake = featureRows(file.data('features/fake') as Float32Array, 32);
const subsets = (name: 'real' | 'fake') => {
  const indices = file.data(`kid/subsets_${name}`);
  return Array.from({ length: 10 }, (_, i) => indices.subarray(100 * i, 100 * (i + 1)));
};

describe.each([true, false])('kernelDistance with WebAssembly %s', (simd) => {
  it('equals the golden subsets', () => {
    const rows = { real: subsets('real'), fake: subsets('fake') };
    const { mean, std, values, seed } = kernelDistance(real, fake, { rows, simd });
    expectClose(values, kid.per_subset_float64, 1e-12);
    expectClose([mean, std], [kid.mean, kid.std], 1e-12);
    expect(seed).toBe(null);
  });
  it.each(['biased', 'unbiased', 'u-statistic'] as const)('has the %s estimate', (estimator) => {
    const first = [Int32Array.from({ length: 100 }, (_, i) => i)];
    const result = kernelDistance(real, fake, { rows: { real: first, fake: first }, estimator, simd });
    expectClose([result.mean], [kid.first_100_rows[estimator]], 1e-12);
  });
});

describe('kernelDistance', () => {
  it('knows two pairs of points', () => {
    // k(x, y) = (x y + 1)^3 in one dimension: 27 within {1, 2}, -1 within {-1, 2}; across 0, 27, -1, 125.
    const [x, y] = [featureRows(Float32Array.of(1, 2), 1), featureRows(Float32Array.of(-1, 2), 1)];
    const { mean, std, subsetSize } = kernelDistance(x, y, { subsets: 3 });
    expect(subsetSize).toBe(2);
    expect(mean).toBeCloseTo((27 + 27 - 1 - 1) / 2 - (2 * (0 + 27 - 1 + 125)) / 4, 12);
    expect(std).toBeCloseTo(0, 12);
  });
  it('draws the same subsets for the same seed, without repetition', () => {
    const options = { subsets: 5, subsetSize: 350, seed: 4 };
    const all = kernelDistance(fake, fake, options); // every row: no subset differs
    expect(all.std).toBeCloseTo(0, 10);
    const some = { ...options, subsetSize: 60 };
    expect(kernelDistance(real, fake, some)).toEqual(kernelDistance(real, fake, some));
    expect(kernelDistance(real, fake, { ...some, seed: 5 }).mean).not.toBe(
      kernelDistance(real, fake, some).mean,
    );
  });
  it('is unbiased: about 0 for two halves of one set', () => {
    const [x, y] = [0, 1].map((half) => {
      const data = Array.from({ length: 200 }, (_, i) => [
        ...real.rows(2 * i + half, 2 * i + half + 1),
      ]).flat();
      return featureRows(Float32Array.from(data), 32);
    });
    const { mean } = kernelDistance(x!, y!, { subsetSize: 100 });
    expect(Math.abs(mean)).toBeLessThan(0.05 * kernelDistance(real, fake, { subsetSize: 100 }).mean);
  });
  it.each([
    [
      { subsetSize: 351 },
      'kernelDistance: subsetSize must be an integer from 2 to the 350 rows of the smaller set, got 351. Use more images or a smaller subsetSize.',
    ],
    [{ subsetSize: 1 }, 'kernelDistance: subsetSize must be an integer from 2'],
    [{ subsets: 0 }, 'kernelDistance: subsets must be a positive integer, got 0.'],
    [
      { rows: { real: [[0, 1]], fake: [[0, 1, 2]] } },
      'kernelDistance: all subsets must have as many rows as the first, 2.',
    ],
    [
      { rows: { real: [[0, 1]], fake: [] } },
      'kernelDistance: both sets must have as many subsets, got 1 and 0.',
    ],
    [
      { rows: { real: [[0, 400]], fake: [[0, 1]] } },
      'kernelDistance: rows must be numbers from 0 to 399, got 400.',
    ],
  ])('refuses %j', (options, message) => {
    expect(() => kernelDistance(real, fake, options)).toThrow(message);
  });
  it('refuses sets of different features', () => {
    expect(() => kernelDistance(real, featureRows(new Float32Array(4), 2))).toThrow('kernelDistance: both sets must have rows of 32 features, got 2.'); // prettier-ignore
  });
});
