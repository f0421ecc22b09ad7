import { expect, it } from 'vitest';
import { sincosPositions } from './positions';

it('puts the column first and handles grids that are not square', () => {
  const width = 8;
  const table = sincosPositions([2, 3], width);
  expect(table).toHaveLength(2 * 3 * width);
  const token = (row: number, column: number) => [...table.slice((3 * row + column) * width).slice(0, width)];
  const line = (m: number) =>
    [Math.sin(m), Math.sin(m / 100), Math.cos(m), Math.cos(m / 100)].map(Math.fround);
  for (const [row, column] of [
    [0, 0],
    [0, 2],
    [1, 0],
    [1, 2],
  ] as const) {
    // prettier-ignore
    expect(token(row, column)).toEqual([...line(column), ...line(row)]);
  }
});
