import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeBackends } from './backends';
import { expectClose, relativeError } from './closeness';
import { expectNoLeak } from './leaks';

beforeAll(() => tf.setBackend('cpu'));

describe('relativeError', () => {
  it('is the largest difference over the largest expected magnitude', () => {
    expect(relativeError([1, 2, -4], [1, 3, -8])).toBe(4 / 8);
    expect(relativeError(tf.tensor1d([0, 0]), [0, 0])).toBe(0);
  });
  it('is infinite if a value is not finite or nothing was expected', () => {
    expect(relativeError([NaN], [1])).toBe(Infinity);
    expect(relativeError([1], [0])).toBeGreaterThan(1e300);
  });
  it('refuses other lengths', () => {
    expect(() => relativeError([1, 2], [1])).toThrow();
  });
});

it('expectClose fails beyond the tolerance', () => {
  expectClose([1.0001], [1], 2e-4);
  expect(() => {
    expectClose([1.0003], [1], 2e-4);
  }).toThrow();
});

it('expectNoLeak finds a tensor that is left behind', () => {
  expectNoLeak(() => {
    tf.scalar(1).dispose();
  });
  expect(() => {
    expectNoLeak(() => {
      tf.scalar(1);
    });
  }).toThrow();
});

describeBackends('describeBackends', (backend) => {
  it('sets the backend that it names', () => {
    expect(tf.getBackend()).toBe(backend);
  });
});
