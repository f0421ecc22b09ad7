import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npzArray, run, tiny } from '../cli.testdata';

let folder = '';
const digits = () => join(folder, 'digits');
const rings = () => join(folder, 'rings');
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-sample-'));
  const wasm = ['--backend', 'wasm', '--threads', '1'];
  await run('train', '--preset', 'digits', '--out', digits(), ...tiny, ...wasm, '--steps', '4');
  await run(
    'train',
    '--preset',
    'toy-rings',
    '--out',
    rings(),
    ...wasm,
    '--set',
    'batchSize=8',
    '--steps',
    '2',
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const sample = (checkpoint: string, out: string, ...args: string[]) =>
  run(
    'sample',
    '--checkpoint',
    checkpoint,
    '--out',
    join(folder, out),
    '--backend',
    'wasm',
    '--threads',
    '1',
    ...args,
  );
const sizeOf = (name: string) => {
  const { width, height } = decode(readFileSync(join(folder, name)));
  return [width, height];
};
const cell = 56 + 2;

const arrayOf = (file: string, name: string) => npzArray(join(folder, file), name);

describe('sample', () => {
  it('draws a grid of all classes by default', async () => {
    const before = tf.memory().numTensors;
    const { code, out, err } = await sample(digits(), 'grid.png');
    expect([code, err]).toEqual([0, '']);
    expect(tf.memory().numTensors).toBe(before);
    expect(out).toMatch(
      /^80 samples at 1 NFE with the averaged weights of step 4, in [\d.]+ s on wasm \(CPU, 1 thread\): .*grid\.png$/,
    );
    expect(sizeOf('grid.png')).toEqual([8 * cell + 2, 10 * cell + 2]);
  });

  it('draws the classes and the count that are asked for', async () => {
    await sample(digits(), 'some.png', '--classes', '0-2,7', '--count', '12');
    expect(sizeOf('some.png')).toEqual([3 * cell + 2, 4 * cell + 2]);
    await sample(digits(), 'some.npz', '--classes', '0-2,7', '--count', '6');
    const labels = arrayOf('some.npz', 'labels');
    expect(labels.shape).toBe('6,');
    expect([...new Int32Array(labels.bytes.buffer)]).toEqual([0, 0, 1, 2, 2, 7]);
    expect(arrayOf('some.npz', 'images').shape).toBe('6, 8, 8, 1');
  });

  it('repeats itself by seed, and differs by seed, weights and NFE', async () => {
    const images = async (name: string, ...args: string[]) => {
      await sample(digits(), name, '--count', '10', ...args);
      return arrayOf(name, 'images').bytes;
    };
    const first = await images('a.npz', '--seed', '3');
    expect(await images('b.npz', '--seed', '3', '--ema')).toEqual(first);
    expect(readFileSync(join(folder, 'b.npz'))).toEqual(readFileSync(join(folder, 'a.npz')));
    expect(await images('c.npz', '--seed', '4')).not.toEqual(first);
    const raw = await images('d.npz', '--seed', '3', '--raw');
    expect(raw).not.toEqual(first);
  });

  it('draws the same images into a folder, a file each', async () => {
    await sample(digits(), 'single', '--classes', '4,5', '--count', '4', '--seed', '3');
    const names = readdirSync(join(folder, 'single')).sort();
    expect(names).toEqual(['00000-class4.png', '00001-class4.png', '00002-class5.png', '00003-class5.png']);
    await sample(digits(), 'single.npz', '--classes', '4,5', '--count', '4', '--seed', '3');
    const { bytes } = arrayOf('single.npz', 'images');
    const { data, channels } = decode(readFileSync(join(folder, 'single', names[2] ?? '')));
    const grey = Array.from({ length: 64 }, (_, i) => data[i * channels]);
    expect(grey).toEqual([...bytes.subarray(128, 192)]);
  });

  it('takes a run, its checkpoints folder or one checkpoint', async () => {
    for (const [path, step] of [
      ['', 4],
      ['checkpoints', 4],
      ['checkpoints/step-00000002', 2],
    ] as const) {
      const { out } = await sample(
        join(digits(), path),
        'one.png',
        '--count',
        '1',
        '--classes',
        '3',
        '--nfe',
        '2',
      );
      expect(out).toContain(`1 samples at 2 NFE with the averaged weights of step ${step}`);
    }
  });

  it('passes over a damaged checkpoint, saying so', async () => {
    cpSync(digits(), join(folder, 'damaged'), { recursive: true });
    appendFileSync(join(folder, 'damaged/checkpoints/step-00000004/ema.safetensors'), 'x');
    const { code, out, err } = await sample(join(folder, 'damaged'), 'damaged.png', '--count', '1');
    expect(code).toBe(0);
    expect(err).toBe(
      'step-00000004 has a damaged ema.safetensors (its hash differs); the one before it is used.',
    );
    expect(out).toContain('of step 2');
  });

  it('draws points over the data, and writes them', async () => {
    expect((await sample(rings(), 'rings.png', '--classes', '1')).out).toContain('2000 samples');
    expect(sizeOf('rings.png')).toEqual([320, 320]);
    await sample(rings(), 'rings.npz', '--count', '6');
    expect(arrayOf('rings.npz', 'points').shape).toBe('6, 2');
    expect([...new Int32Array(arrayOf('rings.npz', 'labels').bytes.buffer)]).toEqual([0, 0, 1, 1, 2, 2]);
  });
});

describe('what cannot be sampled', () => {
  it.each([
    [
      'a.png',
      ['--classes', '0-10'],
      '--classes must name classes from 0 to 9, such as 0-9 or 3,5,7, got 0-10.',
    ],
    ['a.png', ['--count', '0'], '--count must be a whole number of at least 1, got 0.'],
    ['a.png', ['--nfe', '1.5'], '--nfe must be a whole number of at least 1, got 1.5.'],
    ['a.png', ['--seed', '-1'], '--seed must be a whole number of at least 0, got -1.'],
    ['a.png', ['--ema', '--raw'], '--ema and --raw exclude each other, got both.'],
    [
      'a.png',
      ['--backend', 'wams'],
      '--backend must be one of auto, tensorflow, webgpu, wasm, cpu, got wams; did you mean wasm?',
    ],
    ['a.jpg', [], '--out must be a .png file, a .npz file or a folder, got FOLDER/a.jpg.'],
    ['digits', [], '--out must be a new or empty folder, got FOLDER/digits with 5 entries.'],
  ])('into %s with %j: %s', async (out, args, message) => {
    const { code, err } = await sample(digits(), out, ...args);
    expect([code, err.replaceAll(folder, 'FOLDER')]).toEqual([2, `error: ${message}`]);
    expect(existsSync(join(folder, 'a.png'))).toBe(false);
  });

  it('in float16 on a backend without', async () => {
    const { code, err } = await sample(digits(), 'a.png', '--half', '--backend', 'wasm', '--threads', '1');
    expect(code).toBe(2);
    expect(err).toMatch(
      /^error: --half takes a GPU with arithmetic of 16 bits over WebGPU, got wasm \(.+\)\. Leave --half out, or take such a GPU with --backend webgpu\.$/,
    );
    expect(existsSync(join(folder, 'a.png'))).toBe(false);
  });

  it('points as single files', async () => {
    const { code, err } = await sample(rings(), 'points');
    expect([code, err]).toEqual([
      2,
      `error: --out must be a .png or .npz file for points, got ${join(folder, 'points')}.`,
    ]);
  });

  it('what is no checkpoint', async () => {
    const { code, err } = await sample(join(folder, 'nothing'), 'a.png');
    expect(code).toBe(2);
    expect(err).toBe(
      `error: ${join(folder, 'nothing')} must be a run, its checkpoints folder or one checkpoint, but it has no checkpoint.`,
    );
  });
});
