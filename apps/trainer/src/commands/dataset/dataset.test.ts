import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNpz, encodeNpz, loadDigits } from '@meanflow/data';
import { decode, encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../cli.testdata';

const COUNT = 60;
const { images, labels } = loadDigits();
const pixels = images.subarray(0, 64 * COUNT);
const classes = labels.subarray(0, COUNT);
let folder = '';
const file = (name: string) => join(folder, name);
const dataset = (...args: string[]) => run('dataset', ...args);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-dataset-'));
  process.env['XDG_CACHE_HOME'] = file('cache');
  const arrays = {
    images: { dtype: 'uint8', shape: [COUNT, 8, 8, 1], data: pixels },
    labels: { dtype: 'int32', shape: [COUNT], data: classes },
  } as const;
  writeFileSync(file('digits.npz'), encodeNpz(arrays));
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(folder, { recursive: true });
});

describe('dataset convert', () => {
  it('loses nothing through every format', async () => {
    const steps = [
      ['digits.npz', 'shards', '--shard-size', '25'],
      ['shards', 'digits.zip'],
      ['digits.zip', 'folder', '--format', 'folder'],
      ['folder', 'again.npz'],
    ] as const;
    for (const [from, to, ...options] of steps) {
      const { code, out, err } = await dataset('convert', file(from), '--out', file(to), ...options);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(`${file(to)}: 60 images as `);
    }
    expect(readdirSync(file('shards')).sort()).toEqual(['000000.tar', '000001.tar', '000002.tar']);
    const arrays = decodeNpz(readFileSync(file('again.npz')));
    const found = arrays['labels']?.data ?? [];
    expect([...found]).toEqual([...classes].sort()); // folders are read class by class
    const rows = (data: ArrayLike<number>) =>
      Array.from({ length: COUNT }, (_, i) =>
        Array.from({ length: 64 }, (_unused, k) => data[64 * i + k]).join(),
      );
    expect(arrays['images']?.shape).toEqual([COUNT, 8, 8, 1]);
    expect(rows(arrays['images']?.data ?? []).sort()).toEqual(rows(pixels).sort());
  });

  it('gives equal files for equal data', async () => {
    for (const name of ['one.zip', 'two.zip'])
      await dataset('convert', file('digits.npz'), '--out', file(name));
    expect(readFileSync(file('one.zip')).equals(readFileSync(file('two.zip')))).toBe(true);
  });

  it('scales and colours where that is asked for', async () => {
    await dataset(
      'convert',
      file('digits.npz'),
      '--out',
      file('large.npz'),
      '--size',
      '16',
      '--channels',
      '3',
    );
    expect(decodeNpz(readFileSync(file('large.npz')))['images']?.shape).toEqual([COUNT, 16, 16, 3]);
  });

  it.each([
    [['--out', 'digits.npz'], /--out must not be there yet, got .*digits\.npz/],
    [['--out', 'x.parquet'], /--out must end in \.zip or \.npz or be a folder, got .*x\.parquet/],
    [
      ['--out', 'x', '--format', 'tfrecord'],
      /--format must be one of webdataset, folder, zip, npz, got tfrecord/,
    ],
    [['--out', 'x', '--channels', '2'], /--channels must be 1 \(grey\) or 3 \(colour\), got 2/],
    [['--out', 'x', '--shard-size', '0'], /--shard-size must be a whole number of at least 1, got 0/],
  ])('refuses %j and leaves nothing behind', async (args, message) => {
    const before = readdirSync(folder);
    const named = args.map((arg, i) => (args[i - 1] === '--out' ? file(arg) : arg));
    const { code, err } = await dataset('convert', file('digits.npz'), ...named);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('a damaged set', () => {
  const broken = () => file('broken');
  beforeAll(async () => {
    await dataset('convert', file('digits.npz'), '--out', broken(), '--format', 'folder');
    const first = readdirSync(join(broken(), '3'))[0] ?? '';
    writeFileSync(join(broken(), '3', first), readFileSync(join(broken(), '3', first)).subarray(0, 60));
  });

  it('is named by check, with the sample and what is wrong', async () => {
    const { code, out, err } = await dataset('check', broken());
    expect(code).toBe(1);
    expect(out).toContain('59 samples of broken are good.');
    expect(err).toMatch(/^1 sample is damaged:\n.*3[\\/]0\d+\.png.*: the image must be decodable/);
  });
  it('ends a conversion in one sentence, and leaves nothing behind', async () => {
    const { code, err } = await dataset('convert', broken(), '--out', file('from-broken'));
    expect(code).toBe(2);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect([existsSync(file('from-broken')), existsSync(file('from-broken.partial'))]).toEqual([
      false,
      false,
    ]);
  });
  it('is converted without what is damaged where that is wanted', async () => {
    const { code, out } = await dataset('convert', broken(), '--out', file('mended.npz'), '--skip-damaged');
    expect(code).toBe(0);
    expect(out).toContain('59 images as npz; 1 damaged ones were left out');
  });
});

describe('dataset info, check and preview', () => {
  it('say what is there', async () => {
    const { out } = await dataset('info', file('digits.npz'));
    expect(out.split('\n')).toEqual([
      'Name:     digits',
      'Samples:  60 in 1 shard',
      'Classes:  10',
      'First:    image of 8x8x1',
    ]);
    const json = JSON.parse((await dataset('info', file('digits.npz'), '--json')).out) as object;
    expect(json).toMatchObject({
      samples: 60,
      numClasses: 10,
      firstShape: [8, 8, 1],
      kind: 'images',
      damages: [],
    });
    const check = await dataset('check', file('digits.npz'));
    expect(check.code).toBe(0);
    expect(check.out).toMatch(/60 samples of digits are good\.\nclass\s+samples\n0\s+\d+/);
  });
  it('draw a sheet with a row for each class', async () => {
    const { code, out } = await dataset(
      'preview',
      file('digits.npz'),
      '--out',
      file('sheet.png'),
      '--columns',
      '4',
    );
    expect([code, out]).toEqual([0, `${file('sheet.png')}: 10 rows`]);
    const { width, height } = decode(readFileSync(file('sheet.png')));
    expect(height / width).toBeCloseTo(10 / 4, 1);
  });
  it('draw a sheet of images without classes, of any size', async () => {
    const wide = encode({ width: 90, height: 40, channels: 3, data: new Uint8Array(90 * 40 * 3), depth: 8 });
    const flat = file('flat');
    await dataset('convert', file('digits.npz'), '--out', flat, '--format', 'folder');
    rmSync(join(flat, '0'), { recursive: true });
    writeFileSync(join(flat, '1', 'wide.png'), wide);
    const { code } = await dataset('preview', flat, '--out', file('flat.png'), '--size', '24');
    expect(code).toBe(0);
  });
  it.each(['info', 'check'])('%s says so where there is nothing', async (command) => {
    const { code, err } = await dataset(command, file('nothing'));
    expect(code).toBe(2);
    expect(err).toMatch(/nothing must be a readable file or folder/);
  });
  it('info names what cannot be read', async () => {
    const { code, err } = await dataset('info', file('missing-{0..3}.tar'));
    expect(code).toBe(2);
    expect(err).toMatch(/missing-0\.tar: the shard must be readable, got ENOENT/);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
