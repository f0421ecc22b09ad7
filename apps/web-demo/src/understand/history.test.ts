import { describe, expect, it } from 'vitest';
import { createHistory } from './history';

describe('a history', () => {
  it('keeps what fits as it came', () => {
    const history = createHistory(2, 4);
    history.add(1, [10, null]);
    history.add(2, [20, 5]);
    expect(history.columns).toEqual([
      [1, 2],
      [10, 20],
      [null, 5],
    ]);
  });

  it('merges pairs when it is full, and from then on takes means of two', () => {
    const history = createHistory(1, 4);
    for (let step = 1; step <= 6; step++) history.add(step, [10 * step]);
    expect(history.columns).toEqual([
      [1.5, 3.5, 5.5],
      [15, 35, 55],
    ]);
  });

  it('never has more points than its capacity, and none that is missing on the way', () => {
    const history = createHistory(1, 16);
    for (let step = 0; step < 10_000; step++) history.add(step, [step % 3 === 0 ? null : 1]);
    const [steps = [], values = []] = history.columns;
    expect(steps.length).toBeLessThan(16);
    expect(steps.length).toBeGreaterThanOrEqual(8);
    expect(values.every((value) => value === 1)).toBe(true);
  });

  it('can be emptied', () => {
    const history = createHistory(1);
    history.add(1, [1]);
    history.clear();
    expect(history.columns).toEqual([[], []]);
  });
});
