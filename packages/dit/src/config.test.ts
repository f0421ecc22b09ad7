import { expect, it } from 'vitest';
import { ditShape } from './config';
import type { DiTConfig } from './config';

const config: DiTConfig = {
  inputSize: [8, 12],
  channels: 3,
  patchSize: 4,
  depth: 2,
  hiddenSize: 24,
  numHeads: 3,
  numClasses: 5,
};

it('works out grid, patch length and MLP width', () => {
  expect(ditShape(config)).toEqual({ height: 8, width: 12, grid: [2, 3], patchLength: 48, mlpWidth: 96 });
  expect(ditShape({ ...config, inputSize: 8, mlpRatio: 2.3 })).toMatchObject({ grid: [2, 2], mlpWidth: 55 });
});

it.each<[Partial<DiTConfig>, string]>([
  [
    { inputSize: 10 },
    'DiTConfig: inputSize must be divisible by patchSize 4, got 10 x 10. Pad the images or choose another patch.',
  ],
  [
    { inputSize: [8, 6] },
    'DiTConfig: inputSize must be divisible by patchSize 4, got 8 x 6. Pad the images or choose another patch.',
  ],
  [{ numHeads: 5 }, 'DiTConfig: hiddenSize must be divisible by numHeads 5, got 24.'],
  [
    { hiddenSize: 6 },
    'DiTConfig: hiddenSize must be divisible by 4, for the sines and cosines of two axes, got 6.',
  ],
  [{ depth: 0 }, 'DiTConfig: depth must be an integer of at least 1, got 0.'],
  [{ channels: 1.5 }, 'DiTConfig: channels must be an integer of at least 1, got 1.5.'],
  [{ numClasses: -1 }, 'DiTConfig: numClasses must be an integer of at least 0, got -1.'],
  [{ mlpRatio: 0 }, 'DiTConfig: mlpRatio must be positive, got 0.'],
])('refuses %j', (change, message) => {
  expect(() => ditShape({ ...config, ...change })).toThrow(new RangeError(message));
});
