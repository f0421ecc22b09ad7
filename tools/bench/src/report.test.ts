import { expect, it } from 'vitest';
import { meets } from './comparisons';
import type { Outcome } from './measure';
import { formatReport, networkReport } from './report';
import type { Report } from './report';

const measured = (
  program: string,
  name: 'meanflow' | 'flow-matching',
  ms: number[],
  mib: number,
): Outcome => ({
  ...{
    network: 'small',
    case: name,
    program,
    versions: { lib: '1.0' },
    ms,
    values: [100, 99],
    firstMs: 2000,
  },
  ...{ baselineMiB: 100, peakMiB: 100 + mib },
});
const outcomes: Outcome[] = [
  measured('ours', 'flow-matching', [400, 410, 390], 1000),
  measured('ours', 'meanflow', [420, 440, 430], 1100),
  measured('jax', 'meanflow', [860, 900, 880], 900),
  { ...measured('jax-huge', 'meanflow', [800], 900), values: [100.5, 99] },
  {
    network: 'small',
    case: 'meanflow',
    program: 'torch',
    absent: 'torch is not installed',
    fix: 'npm run x',
  },
];
const bounds = [{ case: 'meanflow' as const, gflop: 50, ms: 344, gflops: 145.3, msOf: { jax: 400 } }];
const result = networkReport('small', outcomes, bounds, []);
const report: Report = {
  schema: 1,
  date: '2026-11-20T00:00:00.000Z',
  machine: { cpu: 'a CPU', cpus: 2, memoryGiB: 24, system: 'linux 6', node: '20.19.0', commit: 'abc' },
  load: { before: 0.1, after: 2 },
  rounds: 3,
  results: [result],
};

it('compares the best of each family with ours, and ours with itself', () => {
  const values = Object.fromEntries(result.comparisons.map(({ what, of, value }) => [what, { of, value }]));
  expect(values).toEqual({
    'MeanFlow step against jitted JAX': { of: 'jax-huge / ours', value: 800 / 430 },
    'share of the bound, MeanFlow': { of: 'ours', value: 344 / 430 },
    'MeanFlow step / flow-matching step': { of: 'ours', value: 430 / 400 },
    'peak memory, MeanFlow / flow matching': { of: 'ours', value: 1.1 },
  });
});
it('says whether losses agree with ours', () => {
  const meanFlow = result.cases.find((entry) => entry.case === 'meanflow');
  expect(meanFlow?.reference).toBe('ours');
  expect(meanFlow?.programs.map((entry) => ('agrees' in entry ? entry.agrees : entry.absent))).toEqual([
    true,
    true,
    false,
    'torch is not installed',
  ]);
});
it('prints medians, absent peers with what brings them, disagreement, and versions', () => {
  const text = formatReport(report);
  expect(text).toMatch(/ours, tensorflow, eager +\| +400 \| +430 \| +1000 \| +1100 \| +yes/);
  expect(text).toMatch(/PyTorch, eager +\| +\| +absent \|/);
  expect(text).toMatch(/JAX, jit, huge pages +\| .* NO, 0.50 %/);
  expect(text).toContain('- PyTorch, eager: torch is not installed. Bring it with: npm run x');
  expect(text).toContain('- JAX, jit: lib 1.0');
  expect(text).toContain('2 CPUs, 24 GiB');
});
it('survives JSON, so that a run can be read again', () => {
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
it('knows both directions of a target', () => {
  expect([meets(2, '>= 2'), meets(1.9, '>= 2'), meets(1.08, '<= 1.08'), meets(1.1, '<= 1.08')]).toEqual([
    ...[true, false],
    ...[true, false],
  ]);
});
