import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { cpuCount, cpusOfQuota } from './cpuCount';

it.each([
  ['max', '100000', Infinity],
  ['-1', '100000', Infinity],
  ['200000', '100000', 2],
  ['50000', '100000', 0.5],
  ['', '', Infinity],
])('a quota of %s in %s allows %d CPUs', (quota, period, cpus) => {
  expect(cpusOfQuota(quota, period)).toBe(cpus);
});

it('counts at least one CPU and no more than there are', () => {
  expect(cpuCount()).toBeGreaterThanOrEqual(1);
  expect(cpuCount()).toBeLessThanOrEqual(availableParallelism());
});
