import { expect, it } from 'vitest';
import { formatNumber, formatTable } from './table';

it('aligns the columns of a Markdown table', () => {
  const text = formatTable(
    ['what', 'ms'],
    [
      ['a', '1.50'],
      ['longer name', '12'],
    ],
  );
  expect(text.split('\n')).toEqual([
    '| what        |   ms |',
    '| ----------- | ---: |',
    '| a           | 1.50 |',
    '| longer name |   12 |',
  ]);
});
it('fills rows that are too short', () => {
  expect(
    formatTable(['a', 'b'], [['x']])
      .split('\n')
      .at(-1),
  ).toBe('| x   |     |');
});
it.each([
  [0.1234, '0.12'],
  [9.996, '10.00'],
  [12.34, '12.3'],
  [412.6, '413'],
  [40729.2, '40729'],
  [NaN, '-'],
])('writes %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
