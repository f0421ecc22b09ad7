import { expectClose } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import { evalGolden, goldenValues } from '../testing/goldens';
import { hashed } from '../testing/hash';
import { featureRows } from './featureRows';
import { inceptionScore } from './inceptionScore';

const file = evalGolden('eval_is_kid_prdc');
interface Wanted {
  splits_1: { inception_score_mean: number };
  splits_10: { inception_score_mean: number; inception_score_std: number };
  splits_10_shuffled: { inception_score_mean: number; inception_score_std: number };
  per_split_of_10: number[];
  adm_by_split_size: Record<string, number>;
}
const { is: wanted } = goldenValues('eval_is_kid_prdc') as { is: Record<'a' | 'b', Wanted> };

function logitsOf(set: 'a' | 'b') {
  if (set === 'b') return featureRows(file.data('is/b/logits') as Float32Array, 10);
  const u = hashed('eval_is/a');
  const data = Float32Array.from({ length: 503 * 1008 }, (_, i) => {
    const [r, c] = [Math.floor(i / 1008), i % 1008];
    return 6 * (u(i) - 0.5) + (c === (37 * r) % 1008 ? 7 : 0);
  });
  expectClose(data.subarray(0, 2 * 1008), file.data('is/a/first_rows'), 0);
  return featureRows(data, 1008);
}

describe.each(['a', 'b'] as const)('inceptionScore of golden set %s', (set) => {
  const logits = logitsOf(set);
  const golden = wanted[set];
  it('has one split, and ten', () => {
    expectClose([inceptionScore(logits, { splits: 1 }).mean], [golden.splits_1.inception_score_mean], 1e-12);
    const { mean, std, scores } = inceptionScore(logits);
    const { inception_score_mean, inception_score_std } = golden.splits_10;
    expectClose([mean, std], [inception_score_mean, inception_score_std], 1e-12);
    expectClose(scores, golden.per_split_of_10, 1e-12);
  });
  it('takes the rows in another order', () => {
    const { mean, std } = inceptionScore(logits, { order: file.data(`is/${set}/permutation`) });
    const { inception_score_mean, inception_score_std } = golden.splits_10_shuffled;
    expectClose([mean, std], [inception_score_mean, inception_score_std], 1e-12);
  });
  it.each([50, 5000])('splits as the ADM evaluator does, by %i', (splitSize) => {
    expectClose([inceptionScore(logits, { splitSize }).mean], [golden.adm_by_split_size[splitSize]!], 2e-6);
  });
});

describe('inceptionScore', () => {
  it('is the number of classes for certain and balanced predictions', () => {
    const logits = featureRows(
      Float64Array.from({ length: 4 * 12 }, (_, i) => (i % 4 === Math.floor(i / 4) % 4 ? 1000 : 0)),
      4,
    );
    expect(inceptionScore(logits, { splits: 3 })).toMatchObject({ splits: 3, count: 12, seed: null });
    expect(inceptionScore(logits, { splits: 1 }).mean).toBeCloseTo(4, 10);
  });
  it('is 1 where all predictions are the same', () => {
    const logits = featureRows(
      Float64Array.from({ length: 40 }, (_, i) => i % 4),
      4,
    );
    expect(inceptionScore(logits).mean).toBeCloseTo(1, 12);
  });
  it('shuffles by a seed, in the same way each time', () => {
    const logits = logitsOf('b');
    const first = inceptionScore(logits, { seed: 1 });
    expect(inceptionScore(logits, { seed: 1 })).toEqual(first);
    expect(inceptionScore(logits, { seed: 2 }).mean).not.toBe(first.mean);
    expect(inceptionScore(logits, { seed: 2, splits: 1 }).mean).toBeCloseTo(
      inceptionScore(logits, { splits: 1 }).mean,
      12,
    );
  });
  it('refuses what it cannot split', () => {
    const logits = featureRows(new Float32Array(9), 3);
    expect(() => inceptionScore(logits)).toThrow('inceptionScore: every split must have a row, got 3 rows for 10 splits. Use more images or fewer splits.'); // prettier-ignore
    expect(() => inceptionScore(logits, { splits: 0 })).toThrow('inceptionScore: splits must be a positive integer, got 0.'); // prettier-ignore
    expect(() => inceptionScore(logits, { splits: 1, order: [0] })).toThrow('inceptionScore: order must name each of 3 rows, got 1.'); // prettier-ignore
  });
});
