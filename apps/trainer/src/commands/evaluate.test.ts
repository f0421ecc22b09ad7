import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNpz, encodeNpz, loadDigits } from '@meanflow/data';
import { loadFeatureNetwork } from '@meanflow/eval/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run as runCommand, tiny } from '../cli.testdata';
import { readResult } from '../evaluation/resultFile';

const { images, labels } = loadDigits();
const run = (args: readonly string[]) => runCommand(...args);
let folder = '';
let model = '';
const file = (name: string) => join(folder, name);

/** Some digits as an array file. */
function writeDigits(name: string, first: number, count: number): string {
  const data = images.subarray(64 * first, 64 * (first + count));
  const classes = labels.subarray(first, first + count);
  const arrays = {
    images: { dtype: 'uint8', shape: [count, 8, 8, 1], data },
    labels: { dtype: 'int32', shape: [count], data: classes },
  } as const;
  writeFileSync(file(name), encodeNpz(arrays));
  return file(name);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-eval-'));
  process.env['XDG_CACHE_HOME'] = file('cache');
  model = file('run');
  await run(['train', '--preset', 'digits', '--steps', '2', '--out', model, '--backend', 'wasm', ...tiny]);
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(folder, { recursive: true });
});

describe('meanflow eval of a checkpoint', () => {
  it('measures every NFE in repeated draws, and writes every choice', async () => {
    const out = file('result.json');
    const args = ['eval', '--checkpoint', model, '--backend', 'wasm', '--count', '60', '--nfe', '1,2', '--repeats', '2']; // prettier-ignore
    const { code, out: text } = await run([
      ...args,
      '--metrics',
      'fid,precision',
      '--seed',
      '5',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    expect(text).toContain('FID (digits-lenet)');
    const result = readResult(out);
    expect(result.results.map(({ nfe }) => nfe)).toEqual([1, 2]);
    expect(result.results[0]?.metrics.fid?.values).toHaveLength(2);
    expect(result.results[0]?.metrics.fid?.interval).not.toBeNull();
    expect(result.images).toMatchObject({ count: 60, seeds: [5, 6], step: 2, weights: 'averaged', objective: 'meanflow' }); // prettier-ignore
    expect(result.reference).toEqual({ name: 'digits', count: 1797 });
    expect(result.network.name).toBe('digits-lenet');
    expect(result.versions['backend']).toMatch(/^wasm /);
  });
  it('repeats itself, and takes the next free name by default', async () => {
    const args = ['eval', '--checkpoint', model, '--backend', 'wasm', '--count', '50', '--metrics', 'fid'];
    expect((await run(args)).code).toBe(0);
    expect((await run(args)).code).toBe(0);
    const [first, second] = ['evaluation.json', 'evaluation-2.json'].map((name) => readResult(join(model, name))); // prettier-ignore
    expect(second?.results[0]?.metrics).toEqual(first?.results[0]?.metrics);
  });
  it('draws images beside their nearest neighbours', async () => {
    const picture = file('neighbours.png');
    const args = ['eval', '--checkpoint', model, '--backend', 'wasm', '--count', '50', '--metrics', 'fid', '--out', file('n.json')]; // prettier-ignore
    expect((await run([...args, '--neighbours', picture])).code).toBe(0);
    expect([...readFileSync(picture).subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
  });
});

describe('meanflow eval of images', () => {
  it('finds no distance between a set and itself, and one to another half', async () => {
    const [first, second] = [writeDigits('a.npz', 0, 300), writeDigits('b.npz', 300, 300)];
    const distance = async (images_: string, reference: string) => {
      const out = file('stored.json');
      const { code } = await run(['eval', '--images', images_, '--reference', reference, '--backend', 'wasm', '--metrics', 'fid,recall', '--out', out]); // prettier-ignore
      expect(code).toBe(0);
      return readResult(out).results[0]?.metrics;
    };
    const same = await distance(first, first);
    expect(Math.abs(same?.fid?.value ?? NaN)).toBeLessThan(1e-6);
    expect(same?.recall?.value).toBe(1);
    expect((await distance(second, first))?.fid?.value).toBeGreaterThan(0.1);
  });
  it('saves the statistics of a reference, and finds the same distance with them', async () => {
    const [first, second] = [writeDigits('d.npz', 0, 300), writeDigits('e.npz', 300, 300)];
    const fid = async (reference: string, ...args: string[]) => {
      const out = file('saved.json');
      const fixed = ['--backend', 'wasm', '--metrics', 'fid', '--out', out];
      const { code } = await run(['eval', '--images', second, '--reference', reference, ...fixed, ...args]);
      expect(code).toBe(0);
      return readResult(out).results[0]?.metrics.fid?.value;
    };
    const saved = file('saved.npz');
    const value = await fid(first, '--save-reference', saved);
    expect(await fid(saved)).toBe(value);
    expect(Object.keys(decodeNpz(readFileSync(saved)))).toEqual(['mu', 'sigma', 'meanflow']);
  });
});

describe('meanflow eval against statistics', () => {
  it('reads those of pytorch-fid, and measures what they allow', async () => {
    const path = writeDigits('c.npz', 0, 200);
    const network = await loadFeatureNetwork('digits-lenet');
    const dimension = network.featureSize;
    network.dispose();
    const identity = Float64Array.from({ length: dimension ** 2 }, (_, i) =>
      i % (dimension + 1) === 0 ? 1 : 0,
    );
    const statistics = {
      mu: { dtype: 'float64', shape: [dimension], data: new Float64Array(dimension) },
      sigma: { dtype: 'float64', shape: [dimension, dimension], data: identity },
    } as const;
    writeFileSync(file('statistics.npz'), encodeNpz(statistics));
    const out = file('s.json');
    const args = ['eval', '--images', path, '--reference', file('statistics.npz'), '--backend', 'wasm'];
    expect(await run([...args, '--out', out])).toMatchObject({ code: 0, err: '' });
    const result = readResult(out);
    expect(Object.keys(result.results[0]?.metrics ?? {})).toEqual(['fid', 'inceptionScore']);
    expect(result.reference.count).toBeNull();
    const { code, err } = await run([...args, '--metrics', 'kid']);
    expect(code).toBe(2);
    expect(err).toMatch(/the reference must have features for the metrics that were chosen/);
  });
});

describe('meanflow eval refuses in one sentence', () => {
  it.each([
    [[], /one of --checkpoint and --images must be given, got neither/],
    [['--images', 'x.npz'], /--images needs --reference/],
    [['--images', 'x', '--reference', 'y', '--nfe', '2'], /--nfe is about drawing images/],
    [['--checkpoint', 'MODEL', '--metrics', 'fidd'], /--metrics must be of .*, got fidd/],
    [
      ['--checkpoint', 'MODEL', '--network', 'lenet'],
      /--network must be auto or one of .*digits-lenet.*, got lenet/,
    ],
    [['--checkpoint', 'MODEL', '--network', 'mnist-lenet', '--count', '10'], /8.*28/s],
    [['--checkpoint', 'MODEL', '--network', 'inception', '--weights', 'none.pth'], /none\.pth/],
    [['--checkpoint', 'MODEL', '--count', '1'], /--count must be a whole number of at least 2, got 1/],
    [['--images', 'nowhere', '--reference', 'y'], /nowhere must be a readable file or folder/],
    [['--checkpoint', 'MODEL', '--nfe', '1,x'], /--nfe must be a whole number of at least 1, got x/],
  ])('%j', async (args, message) => {
    const named = args.map((arg) => (arg === 'MODEL' ? model : arg));
    const { code, err } = await run(['eval', '--backend', 'wasm', ...named]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(existsSync('evaluation.json')).toBe(false);
  });
});
