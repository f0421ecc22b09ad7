import { checkpointConfig } from '@meanflow/train/run';
import { describe, expect, it } from 'vitest';
import { presetConfig, resolveConfig } from '../config/load';
import { UserError } from '../userError';
import { readCheckpointConfig } from './checkpointConfig';

const config = resolveConfig(presetConfig('digits'));
const dataset = { name: 'digits', count: 1797, sampleShape: [8, 8, 1], numClasses: 10 };

describe('the configuration in a weights file', () => {
  it('comes back as it was, through JSON', () => {
    const carried = JSON.parse(JSON.stringify(checkpointConfig(config, dataset))) as ReturnType<
      typeof checkpointConfig
    >;
    expect(readCheckpointConfig(carried, 'a file')).toEqual({ config, dataset });
  });
  it.each([[null], ['text'], [{ ...config }], [{ ...config, dataset: { ...dataset, sampleShape: [] } }]])(
    'is refused where it names no data set: %j',
    (value) => {
      expect(() => readCheckpointConfig(value, 'step-1')).toThrow(
        new UserError(
          'step-1 must be a checkpoint of meanflow train, but its configuration names no data set.',
        ),
      );
    },
  );
  it('is checked like any other', () => {
    const carried = { ...config, steps: 0, dataset };
    expect(() => readCheckpointConfig(carried, 'step-1')).toThrow('steps must be at least 1, got 0.');
  });
});
