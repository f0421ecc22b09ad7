import { expect, it } from 'vitest';
import { confidenceInterval } from './confidenceInterval';

// Quantiles of Student's t that tables print.
it.each([
  [2, 0.95, 12.7062047361747],
  [3, 0.95, 4.302652729749462],
  [5, 0.95, 2.7764451051977987],
  [10, 0.95, 2.2621571627409915],
  [31, 0.99, 2.7499956535672254],
  [1001, 0.95, 1.9623390808264078],
])('has the quantile of %i values at %d', (count, level, quantile) => {
  const values = Array.from({ length: count }, (_, i) => 5 + (i % 3));
  const { mean, std, margin, low, high } = confidenceInterval(values, level);
  expect((margin * Math.sqrt(count)) / std).toBeCloseTo(quantile, 9);
  expect(low).toBeCloseTo(mean - margin, 12);
  expect(high).toBeCloseTo(mean + margin, 12);
});

it('has the mean and the standard deviation of draws', () => {
  expect(confidenceInterval([2, 4, 4, 6])).toMatchObject({
    mean: 4,
    std: Math.sqrt(8 / 3),
    count: 4,
    level: 0.95,
  });
  expect(confidenceInterval([3, 3, 3])).toMatchObject({ low: 3, high: 3, margin: 0 });
});

it('refuses what gives no interval', () => {
  expect(() => confidenceInterval([1])).toThrow('confidenceInterval: at least 2 values are needed, got 1. Repeat the draw with other seeds.'); // prettier-ignore
  expect(() => confidenceInterval([1, NaN])).toThrow('confidenceInterval: values must be finite, got NaN.');
  expect(() => confidenceInterval([1, 2], 95)).toThrow('confidenceInterval: level must be in (0, 1), got 95. It is a probability, not a percentage.'); // prettier-ignore
});
