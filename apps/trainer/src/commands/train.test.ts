import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors } from '@meanflow/safetensors';
import * as tf from '@tensorflow/tfjs';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesIn, metricsOf, run, tiny } from '../cli.testdata';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-train-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const wasm = ['--backend', 'wasm', '--threads', '1'];
const digits = (name: string, ...args: string[]) =>
  run('train', '--preset', 'digits', '--out', join(folder, name), ...tiny, ...args);
const sizeOf = (path: string) => {
  const { width, height } = decode(readFileSync(path));
  return [width, height];
};

describe.each(['cpu', 'wasm'])('train on %s', (backend) => {
  const flags = ['--backend', backend, '--threads', '1'];
  const root = () => join(folder, backend);

  it('leaves a whole run behind', async () => {
    const before = tf.memory().numTensors;
    const { code, out, err } = await digits(backend, ...flags, '--steps', '7', '--seed', '5');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    expect(out).toContain('Data:     digits, 1,797 images of 8x8x1, 10 classes');
    expect(out).toMatch(/step 2\/7 {2}loss [\d.]+ {2}lr [\d.e-]+ {2}[\d.]+ images\/s {2}\d+ s left/);
    expect(out).toContain(`meanflow sample --checkpoint ${root()} --classes 0-9 --out`);

    const config = parse(readFileSync(join(root(), 'config.yaml'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({
      steps: 7,
      seed: 5,
      backend,
      model: { depth: 1 },
      sample: { every: 3, count: 2, nfe: 1 },
    });
    expect(metricsOf(root()).map(({ step }) => step)).toEqual([2, 4, 6]);
    expect(Object.keys(metricsOf(root())[0] ?? {})).toEqual([
      'step',
      'epoch',
      'loss',
      'rawLoss',
      'fmLoss',
      'dudtNorm',
      'gradNorm',
      'lr',
    ]);
    expect(metricsOf(root())[0]).toMatchObject({
      step: 2,
      epoch: Number(((2 * 8) / 1797).toPrecision(6)),
      lr: 0.0005,
    });

    const cell = 56 + 2;
    expect(sizeOf(join(root(), 'samples', 'step-00000003.png'))).toEqual([2 * cell + 2, 10 * cell + 2]);
    expect(sizeOf(join(root(), 'samples', 'final.png'))).toEqual([2 * (2 * cell + 2) + 28, 10 * cell + 2]);
    expect(readdirSync(join(root(), 'samples')).sort()).toEqual([
      'final.png',
      'step-00000003.png',
      'step-00000006.png',
    ]);
    expect(readdirSync(root()).filter((name) => name.startsWith('events.out.tfevents.'))).toHaveLength(1);
    expect(existsSync(join(root(), 'run.lock'))).toBe(false);

    expect(readdirSync(join(root(), 'checkpoints'))).toEqual(['step-00000006', 'step-00000007']); // keep: 2; the last one
    const weights = decodeSafetensors(
      readFileSync(join(root(), 'checkpoints/step-00000007/ema.safetensors')),
    );
    expect(JSON.parse(weights.metadata['config'] ?? '')).toEqual({
      ...config,
      dataset: { name: 'digits', count: 1797, sampleShape: [8, 8, 1], numClasses: 10 },
    });
    expect(weights.tensors['blocks.0.attn.qkv.kernel']?.shape).toEqual([16, 48]);
  });

  it('goes on exactly: 4 + 3 steps are 7 steps, byte by byte', async () => {
    expect((await digits(`${backend}-parts`, ...flags, '--steps', '4', '--seed', '5')).code).toBe(0);
    const { code, err } = await run(
      'train',
      '--resume',
      '--out',
      join(folder, `${backend}-parts`),
      '--steps',
      '7',
      '--threads',
      '1',
    );
    expect(code).toBe(0);
    expect(err).toBe('From step 4 on: steps 4 -> 7.');
    const last = (name: string) => filesIn(join(folder, name, 'checkpoints', 'step-00000007'));
    expect(Object.keys(last(backend))).toHaveLength(4);
    expect(last(`${backend}-parts`)).toEqual(last(backend));
    expect(metricsOf(join(folder, `${backend}-parts`))).toEqual(metricsOf(root()));
    const pictures = (name: string) => filesIn(join(folder, name, 'samples'));
    expect(pictures(`${backend}-parts`)).toEqual(pictures(backend));
  });
});

it('gives the same numbers on both backends, but for rounding', () => {
  const [cpu, onWasm] = ['cpu', 'wasm'].map((name) => metricsOf(join(folder, name)));
  for (const [i, line] of (cpu ?? []).entries()) {
    for (const [key, value] of Object.entries(line)) expect(onWasm?.[i]?.[key]).toBeCloseTo(Number(value), 3);
  }
});

describe('an existing run', () => {
  it('is not trained over', async () => {
    const root = join(folder, 'wasm');
    const before = filesIn(root);
    const { code, err } = await digits('wasm', ...wasm);
    expect(code).toBe(2);
    expect(err).toBe(
      `error: ${root} holds a run already. Go on with it by "meanflow train --resume --out ${root}", or choose another folder with --out.`,
    );
    expect(filesIn(root)).toEqual(before);
  });

  it('that is finished gets its last picture again, and no more', async () => {
    const root = join(folder, 'wasm');
    const before = filesIn(join(root, 'checkpoints'));
    rmSync(join(root, 'samples', 'final.png'));
    const { code, out } = await run('train', '--resume', '--out', root);
    expect([code, filesIn(join(root, 'checkpoints'))]).toEqual([0, before]);
    expect(out).toContain(`Samples (left) next to real images: ${join(root, 'samples', 'final.png')}`);
  });

  it.each([
    [
      ['--set', 'model.depth=2'],
      'model.depth must stay 1 on --resume, as in ROOT, got 2. Start a new run with another --out for that.',
    ],
    [
      ['--seed', '6'],
      'seed must stay 5 on --resume, as in ROOT, got 6. Start a new run with another --out for that.',
    ],
    [
      ['--preset', 'toy-moons'],
      'data.kind must stay digits on --resume, as in ROOT, got toy-moons. Start a new run with another --out for that.',
    ],
    [['--steps', '3'], 'steps must be at least 7, which are done already in ROOT, got 3.'],
    [['--set', 'optimizer.rate=2'], 'unknown key optimizer.rate; did you mean optimizer.lr?'],
  ])('refuses %j', async (args, message) => {
    const root = join(folder, 'cpu');
    const before = filesIn(join(root, 'checkpoints'));
    const { code, err } = await run('train', '--resume', '--out', root, ...args);
    expect([code, err.replaceAll(root, 'ROOT')]).toEqual([2, `error: ${message}`]);
    expect(filesIn(join(root, 'checkpoints'))).toEqual(before);
  });

  it('takes the same command with --resume, and a new learning rate', async () => {
    cpSync(join(folder, 'wasm'), join(folder, 'again'), { recursive: true });
    const args = ['--resume', ...wasm, '--seed', '5', '--steps', '9', '--set', 'optimizer.lr=0.0001'];
    const { code, err, out } = await digits('again', ...args);
    expect([code, err]).toEqual([
      0,
      'From step 7 on: optimizer.lr 0.001 -> 0.0001.\nFrom step 7 on: steps 7 -> 9.',
    ]);
    expect(out).toMatch(/step 8\/9 .* lr 1\.00e-4/);
  });

  it('whose data have changed is refused', async () => {
    const root = join(folder, 'toys');
    const toy = [
      '--preset',
      'toy-rings',
      '--set',
      'batchSize=8',
      '--set',
      'data.count=50',
      '--steps',
      '2',
      ...wasm,
    ];
    expect((await run('train', ...toy, '--out', root)).code).toBe(0);
    const edited = readFileSync(join(root, 'config.yaml'), 'utf8').replace('count: 50', 'count: 60');
    writeFileSync(join(root, 'config.yaml'), edited);
    const { code, err } = await run('train', '--resume', '--out', root, '--steps', '3');
    expect([code, err]).toEqual([
      2,
      `error: data.count must stay 50 on --resume, as in ${root}, got 60. Start a new run with another --out for that.`,
    ]);
  });
});

describe('a damaged checkpoint', () => {
  it('is passed over, saying so, and the run ends the same', async () => {
    const root = join(folder, 'damaged');
    cpSync(join(folder, 'cpu'), root, { recursive: true });
    appendFileSync(join(root, 'checkpoints/step-00000007/optimizer.safetensors'), 'x');
    const { code, err } = await run('train', '--resume', '--out', root);
    expect(err).toBe(
      'step-00000007 has a damaged optimizer.safetensors (its hash differs); the one before it is used.',
    );
    expect(code).toBe(0);
    const last = (name: string) => filesIn(join(folder, name, 'checkpoints', 'step-00000007'));
    expect(last('damaged')).toEqual(last('cpu'));
    expect(metricsOf(root)).toEqual(metricsOf(join(folder, 'cpu')));
  });

  it('is an error when there is no other', async () => {
    const root = join(folder, 'lost');
    cpSync(join(folder, 'cpu'), root, { recursive: true });
    for (const step of [6, 7]) writeFileSync(join(root, `checkpoints/step-0000000${step}/state.json`), '{');
    const { code, err } = await run('train', '--resume', '--out', root);
    expect(code).toBe(2);
    expect(err).toMatch(
      /^error: no checkpoint in .*lost can be used: step-00000007 has a damaged state\.json .*another folder\.$/,
    );
  });
});

describe('other data, models and objectives', () => {
  it('trains points without classes by flow matching, and draws them over the data', async () => {
    const root = join(folder, 'board');
    const args = [
      '--set',
      'objective={kind: flow-matching}',
      '--set',
      'batchSize=16',
      '--set',
      'sample={every: 4, count: 50, nfe: 3}',
      '--set',
      'log.every=4',
      '--steps',
      '4',
    ];
    const { code, out } = await run('train', '--preset', 'toy-checkerboard', '--out', root, ...wasm, ...args);
    expect(code).toBe(0);
    expect(out).toContain('Data:     checkerboard, 10,000 points, no classes');
    expect(out).toMatch(/step 4\/4 .* points\/s/);
    expect(sizeOf(join(root, 'samples', 'step-00000004.png'))).toEqual([320, 320]);
    expect(Object.keys(metricsOf(root)[0] ?? {})).not.toContain('dudtNorm');
  });

  it('trains images without labels from IDX files', async () => {
    const images = join(folder, 'images.idx');
    const pixels = Uint8Array.from({ length: 6 * 8 * 4 }, (_, i) => (i * 37) % 256);
    writeFileSync(images, Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 8, 0, 0, 0, 4, ...pixels));
    const data = `data={kind: idx, images: ${images}}`;
    const root = join(folder, 'idx');
    const { code, out, err } = await run(
      'train',
      '--preset',
      'digits',
      '--out',
      root,
      ...tiny,
      ...wasm,
      '--set',
      data,
      '--steps',
      '2',
    );
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('6 images of 8x4x1, no classes');
    expect(sizeOf(join(root, 'samples', 'final.png'))[0]).toBe(2 * (2 * (4 * 7 + 2) + 2) + 28); // 2 x 2 images each
  });

  it('trains guided, in two micro-batches, with a cosine and clipping', async () => {
    const sets = [
      'objective.guidance={omega: 2, kappa: 0.5}',
      'optimizer.accumulate=2',
      'optimizer.clipNorm=1',
      'optimizer.schedule={kind: cosine, warmupSteps: 1}',
    ];
    const { code } = await digits(
      'guided',
      ...wasm,
      '--steps',
      '4',
      ...sets.flatMap((set) => ['--set', set]),
    );
    expect(code).toBe(0);
    const rates = metricsOf(join(folder, 'guided')).map(({ lr }) => lr);
    expect(rates[0]).toBe(1e-3);
    expect(rates[1]).toBeCloseTo(1e-3 * 0.25, 9); // (1 + cos(2 pi / 3)) / 2
  });
});

describe('what cannot be trained', () => {
  it.each([
    [
      ['--preset', 'digits', '--set', 'model={kind: mlp}'],
      'model.kind must be dit for the images of digits, got mlp.',
    ],
    [
      ['--preset', 'toy-moons', '--set', 'model={kind: dit, preset: S/2}'],
      'model.kind must be mlp for the points of moons, got dit.',
    ],
    [
      ['--preset', 'digits', '--set', 'model.patchSize=3'],
      'model.patchSize must divide the images of 8 x 8, got 3.',
    ],
    [
      ['--preset', 'toy-checkerboard', '--set', 'objective.guidance.omega=2'],
      'objective.guidance must be null for data without labels, got guidance.',
    ],
    [
      ['--preset', 'digits', '--set', 'data={kind: idx, images: /no/such}'],
      '/no/such must be a readable file, got ENOENT. Likely fix: check the path.',
    ],
    [
      ['--preset', 'digits', '--config', 'a.yaml'],
      '--preset and --config exclude each other, got --preset digits and --config a.yaml.',
    ],
    [['--preset', 'digits', '--steps', 'many'], 'steps must be a number, got many.'],
    [['--preset', 'digits', '--threads', '0'], '--threads must be a whole number of at least 1, got 0.'],
    [
      ['--preset', 'digits', '--backend', 'wasn'],
      'backend must be one of auto, tensorflow, webgpu, wasm, cpu, got wasn; did you mean wasm?',
    ],
    [['--config', '/no/such.yaml'], '/no/such.yaml must be a readable file, got ENOENT.'],
    [['--resume'], '--resume needs a run, but ROOT holds none. Start one with --preset or --config.'],
    [[], 'train needs --preset NAME or --config FILE. See meanflow train --help.'],
  ])('%j: %s', async (args, message) => {
    const root = join(folder, 'never');
    const { code, err } = await run('train', '--out', root, '--backend', 'cpu', ...args);
    expect([code, err.replaceAll(root, 'ROOT')]).toEqual([2, `error: ${message}`]);
    expect(existsSync(root)).toBe(false);
  });

  it('stops when the loss is not finite for too long, with exit code 1', async () => {
    const { code, out, err } = await digits(
      'nan',
      ...wasm,
      '--set',
      'optimizer.lr=1e30',
      '--set',
      'optimizer.maxSkips=3',
    );
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: loss and gradient must be finite, but for 3 steps in a row, up to step \d+, they were not: /,
    );
    expect(out).toMatch(/Step \d+ is skipped: loss or gradient is not finite\./);
    expect(metricsOf(join(folder, 'nan')).filter(({ skipped }) => skipped)).not.toHaveLength(0);
  });

  it('waits for no other process that trains into the same folder', async () => {
    const root = join(folder, 'cpu');
    const lock = join(root, 'run.lock');
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere', started: null }));
    const { code, err } = await run('train', '--resume', '--out', root);
    rmSync(lock);
    expect([code, err]).toEqual([
      1,
      `error: one process at a time may train into ${root}, and process 1 on elsewhere does. If it is gone, delete ${lock}.`,
    ]);
  });
});

it('starts anew on --resume where there is no run yet', async () => {
  const { code, err } = await digits('fresh', ...wasm, '--resume', '--steps', '2');
  expect([code, err]).toEqual([0, `${join(folder, 'fresh')} holds no run yet: a new one starts.`]);
});
