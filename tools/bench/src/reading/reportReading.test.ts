import { expect, it } from 'vitest';
import { formatReading } from './reportReading';
import { ratioOf } from './runReading';
import type { ReadingReport } from './runReading';

const report: ReadingReport = {
  ...{ schema: 1, date: '2026-11-20', rounds: 3, load: { before: 0.1, after: 2 } },
  machine: { cpu: 'Some CPU', cpus: 2, memoryGiB: 24, system: 'linux', node: '20.20.2', commit: null },
  outcomes: [
    {
      title: 'ours',
      family: 'ours',
      workers: 2,
      imagesPerSecond: [30, 10, 20],
      check: 0.5,
      versions: { a: '1' },
    },
    {
      title: 'peer',
      family: 'peer',
      workers: 2,
      imagesPerSecond: [10, 10, 5],
      check: 0.6,
      versions: { b: '2' },
    },
    { title: 'gone', absent: 'it is not installed', fix: 'npm run bench:peers' },
  ],
};

it('compares round by round, for both sides of a ratio were measured one after the other', () => {
  expect(ratioOf([30, 10, 20], [10, 10, 5])).toBe(3); // of 3, 1 and 4
});
it('shows medians, the ratio, and which program has read something else', () => {
  const text = formatReading(report);
  expect(text).toMatch(/\| ours +\| +20 \| +3\.00x \| +yes \|/);
  expect(text).toMatch(/\| peer +\| +10 \| +\| +NO \|/);
  expect(text).toMatch(/\| gone +\| +absent \|/);
  expect(text).toContain('- gone: it is not installed. npm run bench:peers');
  expect(text).toContain(
    'Some CPU, 2 CPUs, 24 GiB, Node.js 20.20.2, commit unknown. Load 0.10 before and 2.00 after',
  );
});
