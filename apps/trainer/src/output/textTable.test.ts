import { expect, it } from 'vitest';
import { textTable } from './textTable';

it('aligns the first column to the left and the others to the right', () => {
  expect(textTable([['name', 'FID'], ['a', '12.5'], ['longer', '3']])).toBe('name     FID\na       12.5\nlonger     3'); // prettier-ignore
});
