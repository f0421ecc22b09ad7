import { expect, it } from 'vitest';
import { agree, formatEvaluation, speedUp } from './reportEvaluation';
import type { EvaluationReport } from './runEvaluation';

const machine = { cpu: 'a CPU', cpus: 2, memoryGiB: 24, system: 'linux', node: '20', commit: 'abc' };
const report: EvaluationReport = {
  ...{ schema: 1, date: '2026-01-01', machine, load: { before: 0, after: 2 }, rounds: 3 },
  outcomes: [
    {
      task: 'frechet',
      ours: { ms: [3000, 3100, 2900], values: [180], versions: { node: '20' } },
      peer: { ms: [12000, 11000, 11600], values: [180 * (1 + 1e-12)], versions: { scipy: '1' } },
    },
    {
      task: 'neighbours',
      ours: { ms: [1000], values: [0.5, 1], versions: { node: '20' } },
      peer: { absent: 'no Python', fix: 'npm run bench:peers' },
    },
  ],
};

it('shows times, their ratio in rounds, and whether values agree', () => {
  const text = formatEvaluation(report);
  expect(text).toMatch(
    /Fréchet distance, 2048 features +\| +3.00 s \| +pytorch-fid 11.6 s \| +4.00x \| +yes \|/,
  );
  expect(text).toMatch(/5000 x 5000 x 2048 +\| +1.00 s \| +prdc absent \|/);
  expect(text).toContain('- no Python. npm run bench:peers');
  expect(text.match(/- node 20/g)).toHaveLength(1);
});
it('takes the median of the ratios of rounds, not the ratio of medians', () => {
  const of = (...ms: number[]) => ({ ms, values: [], versions: {} });
  expect(speedUp(of(1, 10, 100), of(3, 20, 100))).toBe(2);
});
it('compares values relative to the largest', () => {
  expect(agree([1, 1000], [1.5, 1000], 1e-3)).toBe(true);
  expect(agree([1, 1002], [1, 1000], 1e-3)).toBe(false);
  expect(agree([1], [1, 2], 1)).toBe(false);
  expect(agree([NaN], [1], 1)).toBe(false);
});
