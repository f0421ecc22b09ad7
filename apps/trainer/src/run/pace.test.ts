import { expect, it } from 'vitest';
import { averageOf } from './pace';

it('is the value itself at first, and follows slowly', () => {
  const average = averageOf();
  average.add(3);
  expect(average.value()).toBeCloseTo(3, 12);
  average.add(5);
  expect(average.value()).toBeCloseTo((0.95 * 3 + 5) / 1.95, 12);
  for (let i = 0; i < 200; i++) average.add(5);
  expect(average.value()).toBeCloseTo(5, 3);
});

it('leaves out what is no number, such as the loss of a skipped step', () => {
  const average = averageOf();
  average.add(NaN);
  average.add(2);
  average.add(Infinity);
  expect(average.value()).toBeCloseTo(2, 12);
});
