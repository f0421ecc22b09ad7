// @ts-check
import { describe, expect, it } from 'vitest';
import {
  allRuns,
  catchesUpAt,
  markdownTable,
  perform,
  resultsDocument,
  showMetric,
  verdict,
  wrapped,
} from './results.mjs';

/** @param {Record<number, number>} fid */
const result = (fid) => ({
  images: { count: 1000, step: 800 },
  network: { name: 'digits-lenet' },
  reference: { name: 'digits', count: 1797 },
  versions: {},
  results: Object.entries(fid).map(([nfe, value]) => ({ nfe: Number(nfe), seconds: 1, metrics: { fid: { value, interval: null } } })), // prettier-ignore
});

/** @type {import('./results.mjs').Experiments} */
const experiments = {
  intro: ['Intro.'],
  groups: [{ name: 'digits', title: 'Digits', text: [], count: 1000, repeats: 1, runs: [{ name: 'mf', label: 'MeanFlow', nfe: [1, 4] }, { name: 'fm', label: 'flow matching', nfe: [1, 4] }] }], // prettier-ignore
  ablations: { title: 'Ablations', text: [], recipe: 'base', count: 500, repeats: 3, tables: [{ title: 'p', text: [], runs: [{ name: 'p1', label: '1' }, { name: 'p2', label: '2', set: ['p=2'] }] }, { title: 'again', text: [], runs: [{ name: 'p1', label: '1' }] }] }, // prettier-ignore
};

describe('markdownTable', () => {
  it('aligns numbers to the right, as prettier does', () => {
    expect(
      markdownTable([
        ['', 'FID'],
        ['MeanFlow', '3.43'],
      ]),
    ).toBe('|          |  FID |\n| -------- | ---: |\n| MeanFlow | 3.43 |');
  });
});

it('wraps paragraphs, and keeps their words', () => {
  const text = 'word '.repeat(60).trim();
  const lines = wrapped(text).split('\n');
  expect(lines.every((line) => line.length <= 120)).toBe(true);
  expect(lines.join(' ')).toBe(text);
});

describe('showMetric', () => {
  it.each([
    [3.4321, null, '3.43'],
    [34.321, null, '34.3'],
    [343.21, null, '343'],
    [3.4321, [3.3, 3.5642], '3.43 ± 0.13'],
  ])('shows %s as what it is worth', (value, interval, text) => {
    expect(showMetric({ value, interval: /** @type {[number, number] | null} */ (interval) })).toBe(text);
  });
});

describe('what a comparison says', () => {
  it('finds the first number of evaluations that is as good', () => {
    expect(catchesUpAt(result({ 1: 90, 2: 20, 4: 3, 8: 1 }), 3)).toBe(4);
    expect(catchesUpAt(result({ 1: 90, 2: 20 }), 3)).toBeNull();
  });
  it('says by how much one evaluation is better, and where that ends', () => {
    const flowMatching = result({ 1: 90, 2: 20, 4: 2 });
    expect(verdict(result({ 1: 3, 2: 2.5, 4: 2.4 }), flowMatching)).toBe(
      'In one evaluation MeanFlow reaches 3.00 where flow matching is at 90.0 (30.0 times as far from the data); flow matching needs 4 evaluations for that.',
    );
    expect(verdict(result({ 1: 1 }), flowMatching)).toContain(
      'with 4 evaluations flow matching has not caught up',
    );
  });
});

describe('resultsDocument', () => {
  it('shows what was measured, and says what was not', () => {
    const text = resultsDocument(experiments, (name) => (name === 'fm' ? result({ 1: 90, 4: 2 }) : name === 'p2' || name === 'p1' ? result({ 1: 5 }) : null)); // prettier-ignore
    expect(text).toContain('| FID (digits-lenet) | 1 NFE | 4 NFE |');
    expect(text).toContain('| flow matching      |  90.0 |  2.00 |');
    expect(text).toContain('### p\n\n|     | 1 NFE |\n| --- | ----: |\n| 1   |  5.00 |\n| 2   |  5.00 |');
    expect(text).not.toContain('### again'); // a table of one row compares nothing
    expect(resultsDocument(experiments, () => null)).toContain('## Digits\n\nNot measured yet.');
  });
});

describe('experiments', () => {
  it('has every run once, though it may be in several tables', () => {
    expect(allRuns(experiments).map(({ name }) => name)).toEqual(['mf', 'fm', 'p1', 'p2']);
  });
  it('trains with the changes of the run, then evaluates', () => {
    /** @type {string[][]} */
    const calls = [];
    const [, , , run] = allRuns(experiments);
    if (run === undefined) throw new Error('no run');
    perform(run, (args) => calls.push(args));
    expect(calls.map((args) => args.join(' '))).toEqual([
      'train --config docs/results/recipes/base.yaml --out runs/results/p2 --set p=2',
      'eval --checkpoint runs/results/p2 --nfe 1,2 --count 500 --repeats 3 --out docs/results/p2.json --metrics fid',
    ]);
  });
});
