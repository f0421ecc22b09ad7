import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { UserError } from '../userError';
import { applyAssignments, fileConfig, presetConfig, resolveConfig } from './load';
import { presets } from './presets';

const base = {
  data: { kind: 'digits' },
  model: { kind: 'dit', patchSize: 2, depth: 4, hiddenSize: 64, numHeads: 4 },
  batchSize: 64,
};
const withSet = (...sets: string[]) => resolveConfig(applyAssignments(base, sets));

function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('nothing was thrown');
}

describe('presets', () => {
  it.each(Object.keys(presets))('%s is valid, and the same again after YAML', (name) => {
    const config = resolveConfig(presetConfig(name));
    expect(resolveConfig(parse(stringify(config)) as Record<string, unknown>)).toEqual(config);
  });
  it('are all there', () => {
    expect(Object.keys(presets)).toEqual([
      ...[
        'digits',
        'mnist',
        'toy-moons',
        'toy-spiral',
        'toy-checkerboard',
        'toy-eight-gaussians',
        'toy-rings',
      ],
      'toy-pinwheel',
    ]);
  });
  it('say what they are asked for when there is none of a name', () => {
    expect(messageOf(() => presetConfig('digit'))).toMatch(
      /^--preset must be one of digits, .*, got digit; did you mean digits\?$/,
    );
    expect(messageOf(() => presetConfig('constructor'))).toContain('got constructor.');
  });
});

describe('defaults', () => {
  const minimal = resolveConfig({ data: { kind: 'digits' }, model: { kind: 'mlp' } });
  it('are those of the published code', () => {
    expect(minimal.objective).toEqual({
      kind: 'meanflow',
      times: { distribution: 'logit-normal', mean: -0.4, std: 1, instantFraction: 0.75 },
      guidance: null,
      labelDropout: 0.1,
      weighting: { p: 1, eps: 0.01 },
    });
    expect(minimal.optimizer).toMatchObject({
      lr: 1e-4,
      beta1: 0.9,
      beta2: 0.95,
      weightDecay: 0,
      clipNorm: null,
    });
    expect(minimal.ema.decay).toBe(0.9999);
  });
  it('hold nothing that JSON cannot', () => {
    expect(JSON.parse(JSON.stringify(minimal))).toEqual(minimal);
  });
  it('turn a published size into its numbers', () => {
    const { model } = withSet('model={kind: dit, preset: S/2}');
    expect(model).toEqual({
      kind: 'dit',
      patchSize: 2,
      depth: 12,
      hiddenSize: 384,
      numHeads: 6,
      mlpRatio: 4,
    });
  });
});

describe('a wrong configuration', () => {
  it.each([
    ['optimiser.lr=1', 'unknown key optimiser.lr; did you mean optimizer.lr?'],
    ['lr=1', 'unknown key lr; did you mean optimizer.lr?'],
    ['colour=red', 'unknown key colour.'],
    ['__proto__.x=1', 'unknown key __proto__.x.'],
    ['model.hidden=1', 'unknown key model.hidden; did you mean model.hiddenSize?'],
    [
      'objective={kind: flow-matching, times: {instantFraction: 1}}',
      'unknown key objective.times.instantFraction for objective.kind flow-matching.',
    ],
    ['model.kind=dti', 'model.kind must be one of dit, mlp, got dti; did you mean dit?'],
    ['model={depth: 3}', 'model.kind must be one of dit, mlp, got nothing.'],
    [
      'model={kind: dit, preset: S/3}',
      'model.preset must be one of S/2, S/4, S/8, B/2, B/4, B/8, M/2, M/4, M/8, L/2, L/4, L/8, XL/2, XL/4, XL/8, got S/3; did you mean S/2?',
    ],
    [
      'model.preset=B/2',
      'model.preset must stand without patchSize, depth, hiddenSize, numHeads; use model={kind: dit, preset: B/2}, got B/2.',
    ],
    ['model.depth=0', 'model.depth must be at least 1, got 0.'],
    ['model.numHeads=5', 'model.hiddenSize must be divisible by model.numHeads 5, got 64.'],
    ['model.hiddenSize=6', 'model.hiddenSize must be divisible by model.numHeads 4, got 6.'],
    ['batchSize=many', 'batchSize must be a number, got many.'],
    ['seed=1.5', 'seed must be a whole number, got 1.5.'],
    ['seed=-1', 'seed must be at least 0, got -1.'],
    ['optimizer.lr=0', 'optimizer.lr must be more than 0, got 0.'],
    ['optimizer.lr=.nan', 'optimizer.lr must be a number, got NaN.'],
    ['optimizer.beta1=1', 'optimizer.beta1 must be less than 1, got 1.'],
    ['ema.decay=75', 'ema.decay must be at most 1, got 75.'],
    ['optimizer.accumulate=3', 'optimizer.accumulate must divide batchSize 64, got 3.'],
    [
      'objective.guidance={tStart: 0.5, tEnd: 0.3}',
      'objective.guidance.tEnd must be at least objective.guidance.tStart 0.5, got 0.3.',
    ],
    ['data.horizontalFlip=1', 'data.horizontalFlip must be true or false, got 1.'],
    [
      'data.kind=toy-moon',
      'data.kind must be one of digits, mnist, idx, stored, toy-moons, toy-spiral, toy-checkerboard, toy-eight-gaussians, toy-rings, toy-pinwheel, got toy-moon; did you mean toy-moons?',
    ],
    ['data={kind: idx}', 'data.images must be text, got nothing.'],
    ['log=5', 'log must be a group of keys, got 5.'],
    ['backend=gpu', 'backend must be one of auto, tensorflow, webgpu, wasm, cpu, got gpu; did you mean cpu?'],
  ])('%s: %s', (assignment, message) => {
    expect(messageOf(() => withSet(assignment))).toBe(message);
  });
  it('names every problem, a line each', () => {
    const message = messageOf(() => withSet('steps=0', 'lerningRate=1', 'model={kind: mlp, numHeads: 2}'));
    expect(message.split('\n')).toEqual([
      'unknown key model.numHeads for model.kind mlp.',
      'unknown key lerningRate.',
      'steps must be at least 1, got 0.',
    ]);
  });
  it('lacks what has no default', () => {
    expect(
      messageOf(() => resolveConfig({ data: { kind: 'digits' }, model: { kind: 'dit', depth: 2 } })),
    ).toBe(
      ['patchSize', 'hiddenSize', 'numHeads']
        .map((key) => `model.${key} is required unless model.preset is given.`)
        .join('\n'),
    );
  });
});

describe('a configuration file', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meanflow-config-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('is YAML with the same keys', () => {
    const path = write(
      'a.yaml',
      'data: { kind: toy-moons } # points\nmodel:\n  kind: mlp\n  depth: 2\nsteps: 7\n',
    );
    expect(resolveConfig(fileConfig(path))).toMatchObject({
      steps: 7,
      model: { kind: 'mlp', depth: 2, hiddenSize: 128 },
    });
  });
  it('is named with the line of a mistake', () => {
    const path = write('b.yaml', 'steps: 1\nmodel: {kind: mlp\nsteps: 2\n');
    expect(messageOf(() => fileConfig(path))).toMatch(
      new RegExp(`^${path} must be YAML, but .* at line \\d+, column \\d+\\.$`),
    );
  });
  it('must be there and hold keys', () => {
    expect(messageOf(() => fileConfig(join(folder, 'none.yaml')))).toBe(
      `${join(folder, 'none.yaml')} must be a readable file, got ENOENT.`,
    );
    expect(messageOf(() => fileConfig(write('c.yaml', 'just text')))).toBe(
      `${join(folder, 'c.yaml')} must hold keys and values, got "just text".`,
    );
  });
});
