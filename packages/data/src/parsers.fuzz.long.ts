import { it } from 'vitest';
import { fuzzTargets } from './parsers.testdata';
import { fuzz } from './testing/fuzz';

const INPUTS = 100_000;

it.each(Object.entries(fuzzTargets))(
  `answers ${INPUTS} damaged %s with a value or one sentence`,
  (name, target) => {
    fuzz(name, INPUTS, target);
  },
);
