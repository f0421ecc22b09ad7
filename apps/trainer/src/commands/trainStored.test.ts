import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeNpz, loadDigits } from '@meanflow/data';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsOf, run, tiny } from '../cli.testdata';

let folder = '';
const file = (name: string) => join(folder, name);
const wasm = ['--backend', 'wasm', '--threads', '1'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-stored-'));
  process.env['XDG_CACHE_HOME'] = file('cache');
  const { images, labels, count } = loadDigits();
  const arrays = {
    images: { dtype: 'uint8', shape: [count, 8, 8, 1], data: images },
    labels: { dtype: 'int32', shape: [count], data: labels },
  } as const;
  writeFileSync(file('digits.npz'), encodeNpz(arrays));
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(folder, { recursive: true });
});

const train = (name: string, ...args: string[]) =>
  run('train', '--preset', 'digits', '--out', file(name), ...wasm, ...tiny, ...args);
const stored = (path: string) => ['--set', `data={kind: stored, path: ${path}}`];

describe('train on a stored data set', () => {
  it('takes the very steps that it takes on the same set in memory', async () => {
    const before = tf.memory().numTensors;
    expect(await train('memory', '--steps', '6')).toMatchObject({ code: 0, err: '' });
    expect(await train('stored', '--steps', '6', ...stored(file('digits.npz')))).toMatchObject({
      code: 0,
      err: '',
    });
    expect(metricsOf(file('stored'))).toEqual(metricsOf(file('memory')));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on where it stopped, with the data elsewhere', async () => {
    await train('moved', '--steps', '4', ...stored(file('digits.npz')));
    const elsewhere = file('digits-elsewhere');
    renameSync(file('digits.npz'), `${elsewhere}.npz`);
    try {
      const args = ['train', '--resume', '--out', file('moved'), '--steps', '6', ...wasm];
      const lost = await run(...args);
      expect(lost.code).toBe(2);
      expect(lost.err).toMatch(/digits\.npz must be a readable file or folder/);
      renameSync(`${elsewhere}.npz`, file('other/digits.npz'.replace('other/', 'other-')));
      const found = await run(...args, '--set', `data.path=${file('other-digits.npz')}`);
      expect(found.code).toBe(2); // another name: it could be another set
      expect(found.err).toMatch(
        /the data must be those that the run was trained on, with name digits, got other-digits/,
      );
    } finally {
      renameSync(file('other-digits.npz'), file('digits.npz'));
    }
    expect((await run('train', '--resume', '--out', file('moved'), '--steps', '6', ...wasm)).code).toBe(0);
    expect(metricsOf(file('moved'))).toEqual(metricsOf(file('memory')));
  });

  it.each([
    ['path: nowhere.tar', /nowhere\.tar must be a readable file or folder/],
    ['path: PATH, size: 12', /./],
    ['path: PATH, channels: 2', /data\.channels/],
  ])('refuses {%s} or takes it on purpose', async (keys, message) => {
    const set = `data={kind: stored, ${keys.replace('PATH', file('digits.npz'))}}`;
    const { code, err, out } = await train(`refused-${keys.length}`, '--steps', '1', '--set', set);
    if (code === 0) expect(out).toContain('images of 12x12x1');
    else expect(err).toMatch(message);
  });
});

describe('evaluations while training', () => {
  it('are in the log between the steps, and repeat themselves', async () => {
    const sets = ['--set', 'evaluate={every: 2, count: 40}'];
    const lines = async (name: string) => {
      expect(await train(name, '--steps', '4', ...sets)).toMatchObject({ code: 0, err: '' });
      const text = readFileSync(join(file(name), 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n');
      return text
        .map((line) => JSON.parse(line) as Record<string, number>)
        .filter((line) => !('loss' in line));
    };
    const first = await lines('evaluated');
    expect(first.map((line) => Object.keys(line))).toEqual([['step', 'FID (digits-lenet)'], ['step', 'FID (digits-lenet)']]); // prettier-ignore
    expect(first.map(({ step }) => step)).toEqual([2, 4]);
    expect(first[0]?.['FID (digits-lenet)']).toBeGreaterThan(0);
    expect(await lines('evaluated-again')).toEqual(first);
  });
  it.each([
    [
      'digits',
      'evaluate={every: 2, network: lenet}',
      /evaluate\.network must be auto or one of .*, got lenet/,
    ],
    ['digits', 'evaluate={every: 2, count: 1}', /evaluate\.count/],
    ['toy-moons', 'evaluate.every=2', /evaluate\.every must be null for the points of moons/],
  ])('are refused before anything is written: %s %s', async (preset, set, message) => {
    const { code, err } = await run(
      'train',
      '--preset',
      preset,
      '--out',
      file('refused'),
      ...wasm,
      '--set',
      set,
    );
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
