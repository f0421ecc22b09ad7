import { describe, expect, it } from 'vitest';
import { resultWith } from './resultFile.testdata';
import { differences, resultTable } from './resultTable';

describe('resultTable', () => {
  it('has a row for every result and NFE, and names the network in the heading', () => {
    const table = resultTable([
      { name: 'mf', result: resultWith({ 1: 2, 2: 1.5 }) },
      { name: 'fm', result: resultWith({ 1: 90.25 }) },
    ]);
    expect(table.split('\n')).toEqual([
      'images  NFE  count  FID (digits-lenet)',
      'mf        1   1000               2.000',
      'mf        2   1000               1.500',
      'fm        1   1000              90.250',
    ]);
  });
  it('shows the half-width of an interval', () => {
    const result = resultWith({ 1: 2 });
    const [entry] = result.results;
    const fid = { value: 2, values: [1.9, 2.1], interval: [1.5, 2.5] as [number, number] };
    const table = resultTable([
      { name: 'a', result: { ...result, results: [{ ...entry!, metrics: { fid } }] } },
    ]);
    expect(table).toContain('2.000 ± 0.500');
  });
  it('leaves a cell empty where a result lacks a metric', () => {
    const kid = { value: 0.01, values: [0.01], interval: null };
    const other = resultWith({ 1: 3 });
    const table = resultTable([
      { name: 'a', result: { ...other, results: [{ ...other.results[0]!, metrics: { kid } }] } },
      { name: 'b', result: other },
    ]);
    expect(table.split('\n').map((line) => line.trim().split(/\s{2,}/).length)).toEqual([5, 4, 4]);
  });
});

describe('differences', () => {
  const base = resultWith({ 1: 1 });
  it('finds none between results of one protocol', () => {
    expect(differences([{ name: 'a', result: base }, { name: 'b', result: resultWith({ 4: 2 }) }])).toEqual([]); // prettier-ignore
  });
  it.each([
    ['network', { network: { name: 'inception-2015', hash: 'b' } }],
    ['count', { images: { ...base.images, count: 50 } }],
    ['reference', { reference: { name: 'mnist', count: 60_000 } }],
    ['k', { settings: { k: 5 } }],
  ])('names a different %s', (name, change) => {
    const [sentence] = differences([{ name: 'a', result: base }, { name: 'b', result: resultWith({ 1: 1 }, change) }]); // prettier-ignore
    expect(sentence).toMatch(new RegExp(`^Not comparable: ${name} is .* for a and .* for b\\.$`));
  });
});
