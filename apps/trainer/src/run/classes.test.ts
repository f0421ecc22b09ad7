import { describe, expect, it } from 'vitest';
import { parseClasses } from './classes';

describe('parseClasses', () => {
  it.each([
    ['0-9', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ['0-2,7', [0, 1, 2, 7]],
    ['3', [3]],
    ['5,3', [5, 3]],
    ['1, 2', [1, 2]],
    ['4-4,4', [4, 4]],
  ])('reads %s', (text, classes) => {
    expect(parseClasses(text, 10)).toEqual(classes);
  });
  it.each(['10', '0-10', '3-1', '', '1,', '-1', 'a', '1.5', '0--2', '1-2-3'])('refuses %j', (text) => {
    expect(() => parseClasses(text, 10)).toThrow(
      `--classes must name classes from 0 to 9, such as 0-9 or 3,5,7, got ${text}.`,
    );
  });
  it('refuses classes for a model that has none', () => {
    expect(() => parseClasses('0', 0)).toThrow(
      '--classes is for models with classes, and this one has none, got 0.',
    );
  });
});
