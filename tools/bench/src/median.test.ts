import { expect, it } from 'vitest';
import { median } from './median';

it.each([
  [[3], 3],
  [[5, 1, 4], 4],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])('of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

it('of nothing is no number, and the values stay in their order', () => {
  const values = [2, 1];
  expect(median([])).toBeNaN();
  expect(median(values)).toBe(1.5);
  expect(values).toEqual([2, 1]);
});
