import { expect, it } from 'vitest';
import { sincosPositions } from './positions';

it('is sines and cosines of the column, then of the row', () => {
  const row = sincosPositions(3, 8).slice(5 * 8, 6 * 8); // token 5: row 1, column 2
  const wave = (place: number) => [
    Math.sin(place),
    Math.sin(place / 100),
    Math.cos(place),
    Math.cos(place / 100),
  ];
  expect([...row]).toEqual([...wave(2), ...wave(1)].map(Math.fround));
});
