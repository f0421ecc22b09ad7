import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../json';
import { readRunConfig } from './readRunConfig';
import { checkpointConfig } from './runConfig';
import { digitsInfo, digitsRun } from './runConfig.testdata';

type Json = Record<string, JsonValue>;
const carried = checkpointConfig(digitsRun as unknown as Json, digitsInfo) as Json;

/** The configuration with one value replaced; undefined removes it. */
function withValue(path: string, value: JsonValue | undefined): JsonValue {
  const copy = JSON.parse(JSON.stringify(carried)) as Json;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const inner = keys.reduce((at, key) => at[key] as Json, copy);
  if (value === undefined) Reflect.deleteProperty(inner, last);
  else inner[last] = value;
  return copy;
}

describe('readRunConfig', () => {
  it('gives back what was carried, and leaves out what decides no number', () => {
    const value = { ...carried, log: { every: 20 }, data: { kind: 'digits', horizontalFlip: false } };
    expect(readRunConfig(value, 'a file')).toEqual({ config: digitsRun, dataset: digitsInfo });
  });

  it('reads every kind of model and objective', () => {
    const mlp = { kind: 'mlp', depth: 3, hiddenSize: 8 };
    expect(readRunConfig(withValue('model', mlp), 'a file').config.model).toEqual(mlp);
    const times = { distribution: 'uniform', mean: 0, std: 2 };
    const plain = { kind: 'flow-matching', times, labelDropout: 0, weighting: { p: 0, eps: 0.01 } };
    const guidance = { omega: 2, kappa: 0, tStart: 0, tEnd: 1 };
    for (const given of [guidance, null]) {
      const { objective } = readRunConfig(
        withValue('objective', { ...plain, guidance: given }),
        'a file',
      ).config;
      expect(objective).toEqual({ ...plain, guidance: given });
    }
    expect(readRunConfig(withValue('objective', plain), 'a file').config.objective).toEqual({
      ...plain,
      guidance: null,
    });
    expect(readRunConfig(withValue('objective.guidance', null), 'a file').config.objective).toMatchObject({
      guidance: null,
    });
  });

  it.each([
    ['model.depth', 0, 'model.depth of a file must be an integer of at least 1, got 0.'],
    ['model.kind', 'unet', 'model.kind of a file must be dit or mlp, got "unet".'],
    ['optimizer.lr', '1', 'optimizer.lr of a file must be a positive number, got "1".'],
    ['optimizer.clipNorm', 0, 'optimizer.clipNorm of a file must be a positive number or null, got 0.'],
    ['ema.decay', undefined, 'ema.decay of a file must be in [0, 1], got nothing.'],
    ['dataset.sampleShape', [8, 0], 'dataset.sampleShape of a file must be a list of positive integers, got [8,0].'], // prettier-ignore
    ['optimizer.schedule', 3, 'a file must have a group optimizer.schedule, got 3.'],
    ['objective.guidance.kappa', 1, 'objective.guidance.kappa of a file must be in [0, 1), got 1.'],
  ])('refuses %s %j', (path, value, message) => {
    expect(() => readRunConfig(withValue(path, value), 'a file')).toThrow(`readRunConfig: ${message}`);
  });

  it.each([[null], ['text'], [[]], [{}]])('refuses %j', (value) => {
    expect(() => readRunConfig(value, 'a file')).toThrow(
      /a file must (carry|have).*must be a checkpoint of meanflow train or of the page\.$/,
    );
  });
});
