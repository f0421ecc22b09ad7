import { expect, it } from 'vitest';
import { compileOptions, shardsFor } from './trainSettings';

it.each([
  [32, 2, 2],
  [33, 2, 1],
  [12, 8, 3],
  [7, 2, 1],
  [64, 1, 1],
  [100, 16, 10],
])('deals %d rows to %d cores in %d shards', (rows, cores, shards) => {
  expect(shardsFor(rows, cores)).toBe(shards);
});

it('translates the modes', () => {
  const modes = (['fused', 'graph', 'xla', 'off'] as const).map((mode) =>
    compileOptions({ mode, bfloat16: false, shards: null }),
  );
  expect(modes).toEqual([
    { eager: false, xla: 'fused', bfloat16: false },
    { eager: false, xla: false, bfloat16: false },
    { eager: false, xla: true, bfloat16: false },
    { eager: true, xla: false, bfloat16: false },
  ]);
});
