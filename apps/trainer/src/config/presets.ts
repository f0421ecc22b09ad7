import { toyNames } from '@meanflow/data';
import type { RawConfig } from './setPath';

/** A configuration that has a name. */
export interface Preset {
  /** One line for the help. */
  readonly summary: string;
  readonly config: RawConfig;
}

const digits: Preset = {
  summary: '8x8 handwritten digits that come with the program; minutes on two cores',
  config: {
    data: { kind: 'digits' },
    model: { kind: 'dit', patchSize: 2, depth: 4, hiddenSize: 64, numHeads: 4 },
    objective: { kind: 'meanflow', guidance: { omega: 1.5 } },
    optimizer: { lr: 1.5e-3, schedule: { kind: 'constant', warmupSteps: 50 } },
    ema: { decay: 0.995 },
    batchSize: 64,
    steps: 800,
    log: { every: 20 },
    sample: { every: 200, count: 8 },
    checkpoint: { every: 200, keep: 3 },
  },
};

const mnist: Preset = {
  summary: '28x28 handwritten digits, downloaded once (11 MB); half an hour with TensorFlow on two cores',
  config: {
    data: { kind: 'mnist' },
    model: { kind: 'dit', patchSize: 7, depth: 5, hiddenSize: 160, numHeads: 5 },
    objective: { kind: 'meanflow', guidance: { omega: 1.5 } },
    optimizer: { lr: 1e-3, schedule: { kind: 'constant', warmupSteps: 200 } },
    ema: { decay: 0.995 },
    batchSize: 128,
    steps: 2000,
    log: { every: 20 },
    sample: { every: 500, count: 8 },
    checkpoint: { every: 500, keep: 3 },
  },
};

const toy = (name: string): Preset => ({
  summary: `2-D points (${name.replace('-', ' ')}); a minute or two`,
  config: {
    data: { kind: `toy-${name}` },
    model: { kind: 'mlp', depth: 3, hiddenSize: 128 },
    objective: { kind: 'meanflow', times: { instantFraction: 0.5 } },
    optimizer: { lr: 1e-3, schedule: { kind: 'constant', warmupSteps: 50 } },
    ema: { decay: 0.99 },
    batchSize: 256,
    steps: 2000,
    log: { every: 50 },
    sample: { every: 500, count: 2000 },
    checkpoint: { every: 500, keep: 3 },
  },
});

/** All presets by name. */
export const presets: Readonly<Record<string, Preset>> = {
  digits,
  mnist,
  ...Object.fromEntries(toyNames.map((name) => [`toy-${name}`, toy(name)])),
};
