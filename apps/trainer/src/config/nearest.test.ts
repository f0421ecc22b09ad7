import { describe, expect, it } from 'vitest';
import { editDistance, nearest, suggestion } from './nearest';

describe('editDistance', () => {
  it.each([
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['steps', 'setps', 1], // a swap of neighbours
    ['wasm', 'wasm', 0],
    ['ab', 'ba', 1],
    ['flaw', 'lawn', 2],
  ])('of %j and %j is %d, both ways', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearest', () => {
  const keys = [
    'optimizer',
    'optimizer.lr',
    'optimizer.beta1',
    'sample.every',
    'log.every',
    'batchSize',
    'steps',
  ];
  it.each([
    ['optimiser.lr', 'optimizer.lr'],
    ['Optimizer.LR', 'optimizer.lr'],
    ['lr', 'optimizer.lr'],
    ['model.batchsize', 'batchSize'],
    ['step', 'steps'],
    ['optimizer.beta', 'optimizer.beta1'],
    ['sampel.every', 'sample.every'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearest(name, keys)).toBe(meant);
  });
  it('finds nothing near a word of another kind', () => {
    expect(nearest('colour', keys)).toBeUndefined();
    expect(suggestion('colour', keys)).toBe('');
  });
});
