import { buildModel, buildObjective, checkpointConfig, readRunConfig } from '@meanflow/train/run';
import type { JsonValue } from '@meanflow/train';
import { describe, expect, it } from 'vitest';
import {
  configOf,
  defaultChoices,
  imageSides,
  modelFor,
  networkSizes,
  problemOf,
  samplesPerClass,
} from './choices';

const digits = { name: 'digits', count: 1797, sampleShape: [8, 8, 1], numClasses: 10 };

describe('configOf', () => {
  it.each(networkSizes.flatMap((size) => imageSides.map((side) => [size, side] as const)))(
    'makes a %s network for images of %d pixels that can be built',
    (size, side) => {
      for (const numClasses of [0, 3]) {
        const info = { name: 'images', count: 7, sampleShape: [side, side, 3], numClasses };
        for (const objective of ['meanflow', 'flow-matching'] as const) {
          const config = configOf({ ...defaultChoices, size, objective }, info, 'wasm');
          const carried = checkpointConfig(config as unknown as Record<string, JsonValue>, info);
          const read = readRunConfig(carried, 'it');
          expect(read.dataset).toEqual(info);
          expect(buildModel(read.config.model, info).parameters.length).toBeGreaterThan(0);
          expect(buildObjective(read.config.objective, numClasses).name).toBe(objective);
        }
      }
    },
  );

  it('takes more patches for larger networks, and never half a pixel', () => {
    expect(imageSides.map((side) => modelFor('small', { sampleShape: [side, side, 1] }).patchSize)).toEqual([
      2, 4, 7, 8,
    ]);
    expect(imageSides.map((side) => modelFor('large', { sampleShape: [side, side, 1] }).patchSize)).toEqual([
      2, 2, 4, 4,
    ]);
    expect(modelFor('small', { sampleShape: [9, 9, 1] }).patchSize).toBe(3);
    expect(modelFor('small', { sampleShape: [13, 13, 1] }).patchSize).toBe(13);
  });
});

it('shows at most a hundred samples or so, and one a class at least', () => {
  expect([0, 2, 10, 20, 1000].map((numClasses) => samplesPerClass({ numClasses }))).toEqual([6, 8, 8, 5, 1]);
});

it.each([
  ['lr', 0, 'The learning rate must be above 0 and at most 1, got 0.'],
  ['lr', NaN, 'The learning rate must be above 0 and at most 1, got no number.'],
  ['batchSize', 2.5, 'The batch must be a whole number from 1 to 1024, got 2.5.'],
  ['steps', 0, 'The number of steps must be a whole number from 1 to 1000000, got 0.'],
  ['seed', -1, 'The seed must be a whole number of at least 0, got -1.'],
])('refuses %s %d', (key, value, sentence) => {
  expect(problemOf({ ...defaultChoices, [key]: value })).toEqual({ key, sentence });
});

it('takes the defaults', () => {
  expect(problemOf(defaultChoices)).toBeNull();
  expect(configOf(defaultChoices, digits, 'wasm')).toMatchObject({
    data: { kind: 'digits', horizontalFlip: false },
    model: { patchSize: 2 },
    objective: { guidance: { omega: 1.5 } },
  });
});
