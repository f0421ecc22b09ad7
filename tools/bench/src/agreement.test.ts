import { expect, it } from 'vitest';
import { differenceFrom, TOLERANCE } from './agreement';

it('is the largest relative difference of a loss', () => {
  expect(differenceFrom({ values: [100, 50] }, { values: [100, 50] })).toBe(0);
  expect(differenceFrom({ values: [100, 50] }, { values: [101, 50] })).toBeCloseTo(0.01);
  expect(differenceFrom({ values: [100, 50] }, { values: [100, 49] })).toBeCloseTo(0.02);
});
it('never agrees without a number', () => {
  expect(differenceFrom({ values: [1] }, { values: [] }) <= TOLERANCE).toBe(false);
  expect(differenceFrom({ values: [1] }, { values: [NaN] }) <= TOLERANCE).toBe(false);
  expect(differenceFrom({ values: [1] }, { values: [1, 2] }) <= TOLERANCE).toBe(false);
});
