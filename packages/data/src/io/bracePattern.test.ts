import { describe, expect, it } from 'vitest';
import { expandBraces } from './bracePattern';

describe('expandBraces', () => {
  it.each([
    ['a.tar', ['a.tar']],
    ['t-{08..11}.tar', ['t-08.tar', 't-09.tar', 't-10.tar', 't-11.tar']],
    ['t-{8..11}.tar', ['t-8.tar', 't-9.tar', 't-10.tar', 't-11.tar']],
    ['{2..0}', ['2', '1', '0']],
    ['{0..10..5}', ['0', '5', '10']],
    ['{a,b}/{0..1}', ['a/0', 'a/1', 'b/0', 'b/1']],
    ['{train-{00..01},val}.tar', ['train-00.tar', 'train-01.tar', 'val.tar']],
    ['{a,}x', ['ax', 'x']],
    ['a{b}c', ['a{b}c']],
    ['', ['']],
  ])('%s', (pattern, names) => {
    expect(expandBraces(pattern)).toEqual(names);
  });
  it.each([['t-{0..3.tar'], ['{0..9999999}'], ['{0..9999}{0..9999}']])('refuses %s', (pattern) => {
    expect(() => expandBraces(pattern)).toThrow(`expandBraces: ${pattern} must have at most 1000000 names`);
  });
});
