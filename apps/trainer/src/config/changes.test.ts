import { describe, expect, it } from 'vitest';
import { changesBetween, isFixed, showChange } from './changes';

describe('changesBetween', () => {
  const config = {
    steps: 5,
    optimizer: { lr: 1, clipNorm: null as number | null },
    data: { kind: 'digits' },
  };
  it('finds none in equal configurations', () => {
    expect(changesBetween(config, structuredClone(config))).toEqual([]);
  });
  it('names each value that differs, also where a key is on one side only', () => {
    const other = { steps: 5, optimizer: { lr: 2, clipNorm: 1 }, data: { kind: 'idx', images: 'a' } };
    const changes = changesBetween(config, other);
    expect(changes.map(showChange)).toEqual([
      'optimizer.lr 1 -> 2',
      'optimizer.clipNorm null -> 1',
      'data.kind digits -> idx',
      'data.images nothing -> a',
    ]);
    expect(changes.map(isFixed)).toEqual([false, false, true, true]);
  });
  it('compares lists as a whole', () => {
    expect(changesBetween({ shape: [8, 8, 1] }, { shape: [8, 8, 1] })).toEqual([]);
    expect(changesBetween({ shape: [8, 8, 1] }, { shape: [8, 8, 3] }).map(showChange)).toEqual([
      'shape [8,8,1] -> [8,8,3]',
    ]);
  });
  it('shows a group that becomes null', () => {
    expect(changesBetween({ guidance: { omega: 2 } }, { guidance: null }).map(showChange)).toEqual([
      'guidance {"omega":2} -> null',
    ]);
  });
});

it.each([
  ['seed', true],
  ['batchSize', true],
  ['model.depth', true],
  ['objective.kind', true],
  ['steps', false],
  ['backend', false],
  ['optimizer.lr', false],
  ['seedling', false],
  ['data.path', false],
  ['data.workers', false],
  ['data.shuffleBuffer', true],
])('%s is fixed on resume: %s', (path, fixed) => {
  expect(isFixed({ path, from: 1, to: 2 })).toBe(fixed);
});
