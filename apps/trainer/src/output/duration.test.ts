import { expect, it } from 'vitest';
import { formatDuration } from './duration';
import { formatNumber } from './progress';

it.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [125, '2 min 05 s'],
  [3599.7, '1 h 00 min'],
  [12_000, '3 h 20 min'],
  [187_200, '2 d 04 h'],
  [-1, '0 s'],
  [NaN, '?'],
])('shows %d seconds as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it.each([
  [0, '0'],
  [0.001, '0.001'],
  [0.00098, '9.80e-4'],
  [31.23456, '31.23'],
  [1234.5, '1235'],
  [-0.5, '-0.5'],
  [1.5e7, '1.50e+7'],
  [NaN, 'NaN'],
])('shows %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});
