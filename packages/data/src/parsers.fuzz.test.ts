import { expect, it } from 'vitest';
import { fuzzTargets } from './parsers.testdata';
import { fuzz, Unsound } from './testing/fuzz';

const INPUTS = 3000; // 100000 in parsers.fuzz.long.ts

it.each(Object.entries(fuzzTargets))(
  `answers ${INPUTS} damaged %s with a value or one sentence`,
  (name, target) => {
    fuzz(name, INPUTS, target);
  },
);
it('would tell of a parser that fails otherwise', () => {
  const seeds = [new Uint8Array(40)];
  const fails = (error: Error) => () => {
    fuzz('x', 10, { seeds, sentence: /^x: /, attempt: () => { throw error; } }); // prettier-ignore
  };
  expect(fails(new RangeError('x: no'))).toThrow('input 0 of x');
  expect(fails(new Unsound('x: no'))).toThrow('input 0 of x');
  expect(fails(new Error('no'))).toThrow('input 0 of x');
});
