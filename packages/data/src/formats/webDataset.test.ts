import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createDamageLog } from '../damage';
import { fileOfBytes } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';
import type { SequentialSource, StoredSample } from '../source';
import { encodeTar } from '../testing/encodeTar';
import type { TarFile } from '../testing/encodeTar';
import { sampleFiles, shardBytes } from '../testing/webDatasetFiles';
import { openWebDataset } from './webDataset';
import type { WebDatasetOptions } from './webDataset';

async function read(source: SequentialSource, shard = 0, first = 0): Promise<StoredSample[]> {
  const samples: StoredSample[] = [];
  for await (const sample of source.read(shard, first)) samples.push(sample);
  return samples;
}

const openFiles = (files: readonly TarFile[], options?: WebDatasetOptions) =>
  openWebDataset([fileOfBytes('s.tar', encodeTar(files))], options);

const brief = (samples: readonly StoredSample[]) => samples.map(({ key, label }) => [key, label]);

describe.each([
  ['plain', (bytes: Uint8Array) => bytes],
  ['gzip', (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))],
])('openWebDataset, %s shards', (_, pack) => {
  const files = [
    fileOfBytes('a', pack(shardBytes(200))),
    fileOfBytes('b', pack(shardBytes(3, { first: 200 }))),
  ];
  it('counts samples and classes, and reads from any sample on', async () => {
    const source = await openWebDataset(files, { name: 'set' });
    expect(source).toMatchObject({
      name: 'set',
      access: 'sequential',
      numClasses: 10,
      shards: [
        { name: 'a', count: 200 },
        { name: 'b', count: 3 },
      ],
    });
    const all = await read(source);
    expect(all).toHaveLength(200);
    expect(all[7]).toEqual({
      index: 7,
      key: '00000007',
      offset: 7 * 4 * 512,
      label: 7,
      content: { kind: 'encoded', bytes: new Uint8Array(40).fill(7) },
    });
    for (const first of [0, 1, 63, 64, 130, 199, 200])
      expect(await read(source, 0, first)).toEqual(all.slice(first));
    expect(brief(await read(source, 1, 1))).toEqual([
      ['00000201', 1],
      ['00000202', 2],
    ]);
    await expect(read(source, 2)).rejects.toThrow('read: shard must be in [0, 2), got 2.');
  });
  it('gives arrays of their own memory', async () => {
    const source = await openWebDataset(files);
    for (const { content } of await read(source, 1)) {
      expect(content.kind === 'encoded' && content.bytes.buffer.byteLength).toBe(40);
    }
  });
  it('takes counts instead of looking, and tells where they are wrong', async () => {
    const damage = createDamageLog({ policy: 'skip' });
    const source = await openWebDataset(files, { counts: [198, 5], numClasses: 10, damage });
    expect(await read(source, 0, 190)).toHaveLength(8);
    expect(await read(source, 1)).toHaveLength(3);
    expect(damage.damages).toEqual([
      {
        shard: 'b',
        key: null,
        offset: null,
        problem: 'the shard must have 5 samples, as it had when it was opened or by its index, got 3',
        samples: 2,
      },
    ]);
    await expect(openWebDataset(files, { counts: [200, 3] })).rejects.toThrow('numClasses must be given');
    await expect(openWebDataset(files, { counts: [200], numClasses: 0 })).rejects.toThrow(
      'for each of 2 shards',
    );
  });
  it('tells what was cut off, where the sample begins', async () => {
    const cut = shardBytes(200).slice(0, 150 * 2048 + 1560);
    const damage = createDamageLog({ policy: 'skip' });
    const source = await openWebDataset([fileOfBytes('cut', pack(cut))], { damage });
    expect(source.shards[0]?.count).toBe(151);
    expect(await read(source)).toHaveLength(150);
    expect(damage.damages.map(({ offset, problem }) => [offset, problem])).toEqual([
      [150 * 2048 + 1024, 'the file 00000150.jpg must have 40 bytes, got 24: the tar is cut short'],
      [150 * 2048, 'the sample must have an image'],
    ]);
    await expect(openWebDataset([fileOfBytes('cut', pack(cut))])).rejects.toThrow(
      'data: cut at byte 308224: the file 00000150.jpg must have 40 bytes, got 24: the tar is cut short. Likely fix:',
    );
  });
});

describe('openWebDataset', () => {
  it.each<[string, TarFile[], [string, number][]]>([
    [
      '.cls.txt',
      [
        { name: 'a.cls.txt', content: '12\n' },
        { name: 'a.png', content: 'x' },
      ],
      [['a', 12]],
    ],
    [
      '.json',
      [
        { name: 'a.JPEG', content: 'x' },
        { name: 'a.json', content: '{"w":1,"label":4}' },
      ],
      [['a', 4]],
    ],
    [
      'a .json that is a number',
      [
        { name: 'a.webp', content: 'x' },
        { name: 'a.json', content: '3' },
      ],
      [['a', 3]],
    ],
    [
      '.txt',
      [
        { name: 'a.jpg', content: 'x' },
        { name: 'a.txt', content: '3' },
      ],
      [['a', 3]],
    ],
    [
      '.cls before all others',
      [
        { name: 'a.txt', content: '1' },
        { name: 'a.json', content: '{"label":2}' },
        { name: 'a.cls', content: '3' },
        { name: 'a.jpg', content: 'x' },
        { name: 'a.seg.png', content: 'y' },
      ],
      [['a', 3]],
    ],
    [
      'paths, dots in folders and other files',
      [
        { name: './x.y/', content: '', type: '5' },
        { name: './x.y/1.jpg', content: 'x' },
        { name: './x.y/1.cls', content: '0' },
        { name: './x.y/._1.jpg', content: '?' },
        { name: '__index__.json', content: '9' },
        { name: 'README', content: '?' },
        { name: './z/1.img.png', content: 'x' },
        { name: './z/1.cls', content: '1' },
      ],
      [
        ['x.y/1', 0],
        ['z/1', 1],
      ],
    ],
    [
      'captions',
      [
        { name: 'a.jpg', content: 'x' },
        { name: 'a.txt', content: '3 dogs' },
      ],
      [['a', 0]],
    ],
  ])('reads the label and key of %s', async (_, files, samples) => {
    expect(brief(await read(await openFiles(files)))).toEqual(samples);
  });

  it.each<[string, TarFile[], WebDatasetOptions, string]>([
    [
      'no image',
      [{ name: 'b.cls', content: '1' }],
      {},
      'sample b at byte 1536: the sample must have an image.',
    ],
    [
      'no label',
      [{ name: 'b.jpg', content: '1' }],
      {},
      'sample b at byte 1536: the sample must have a label, as others have',
    ],
    [
      'a label out of range',
      sampleFiles(1, { first: 7 }),
      { numClasses: 7 },
      'sample 00000007 at byte 1536: the label must be in [0, 7), got 7.',
    ],
    [
      'a label that is no number',
      [
        { name: 'b.cls', content: 'dog' },
        { name: 'b.jpg', content: '1' },
      ],
      {},
      'sample b at byte 1536: the label in .cls must be an integer of at least 0, got "dog".',
    ],
    [
      'a negative label',
      [
        { name: 'b.json', content: '{"label":-1}' },
        { name: 'b.jpg', content: '1' },
      ],
      {},
      'the label in .json must be an integer of at least 0, got -1.',
    ],
    [
      'a .json that is none',
      [
        { name: 'b.json', content: '{"label":' },
        { name: 'b.jpg', content: '1' },
      ],
      {},
      'the .json must be JSON.',
    ],
  ])('fails at opening or leaves out a sample with %s', async (_, damaged, options, sentence) => {
    const good = [
      { name: 'a.jpg', content: '' },
      { name: 'a.cls', content: '0' },
    ];
    await expect(openFiles([...good, ...damaged], options)).rejects.toThrow(sentence);
    const damage = createDamageLog({ policy: 'skip' });
    const source = await openFiles([...good, ...damaged, ...sampleFiles(1, { first: 3 })], {
      ...options,
      damage,
    });
    for (let epoch = 0; epoch < 2; epoch++) {
      expect((await read(source)).map(({ index, key }) => [index, key])).toEqual([
        [0, 'a'],
        [2, '00000003'],
      ]);
    }
    expect(damage.skipped).toBe(1); // opening and two epochs count it once
  });
  it('leaves out an image that is too large', async () => {
    const damage = createDamageLog({ policy: 'skip' });
    const source = await openFiles(sampleFiles(2), { damage, maxImageBytes: 39 });
    expect(await read(source)).toEqual([]);
    expect(damage.damages[0]?.problem).toBe('the image must have at most 39 bytes');
  });
  it('ignores labels where there are to be no classes', async () => {
    const source = await openFiles([...sampleFiles(3), { name: 'x.jpg', content: 'x' }], { numClasses: 0 });
    expect(brief(await read(source)).map(([, label]) => label)).toEqual([0, 0, 0, 0]);
  });
  it('takes class names, and refuses a wrong number of them', async () => {
    const source = await openFiles(sampleFiles(2), { classNames: ['cat', 'dog', 'cow'] });
    expect(source).toMatchObject({ numClasses: 3, classNames: ['cat', 'dog', 'cow'] });
    await expect(openFiles(sampleFiles(2), { classNames: ['cat'], numClasses: 2 })).rejects.toThrow(
      'openWebDataset: classNames must have one name for each of 2 classes, got 1.',
    );
  });
  it('refuses what holds no sample', async () => {
    await expect(openFiles([{ name: 'readme', content: '?' }])).rejects.toThrow(
      'openWebDataset: webdataset must hold at least one sample, got none in 1 shards.',
    );
  });
  it('survives a shard that vanishes or breaks, by the policy', async () => {
    const good = fileOfBytes('good', shardBytes(5));
    let broken = false;
    const vanishing: StoredFile = {
      ...fileOfBytes('v', shardBytes(5)),
      seeksCheaply: false,
      async *stream(offset) {
        const bytes = shardBytes(5);
        if (!broken) yield* good.stream(offset);
        else {
          yield bytes.slice(0, 2 * 2048 + 100);
          await Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
        }
      },
    };
    const damage = createDamageLog({ policy: 'skip' });
    const source = await openWebDataset([vanishing, good], { damage });
    const strict = await openWebDataset([vanishing, good]);
    broken = true;
    expect(await read(source, 0)).toHaveLength(2);
    expect(await read(source, 1)).toHaveLength(5);
    expect(damage.damages).toEqual([{ shard: 'v', key: null, offset: 4196, problem: 'ENOENT', samples: 3 }]);
    await expect(read(strict)).rejects.toThrow('data: v at byte 4196: ENOENT. Likely fix:');
  });
  it('leaves out a shard that is not there, by the policy', async () => {
    const missing = fileOfBytes('missing', new Uint8Array());
    missing.stat = () => Promise.reject(new Error('not there.'));
    const good = fileOfBytes('good', shardBytes(5));
    await expect(openWebDataset([missing, good])).rejects.toThrow(
      'data: missing: the shard must be readable, got not there. Likely fix',
    );
    const source = await openWebDataset([missing, good], { damage: { policy: 'skip' } });
    expect(source.shards.map(({ count }) => count)).toEqual([0, 5]);
    expect(await read(source, 0)).toEqual([]);
  });
  it('keeps what it learnt, and learns again where that is damaged', async () => {
    const saved = new Map<string, string>();
    const indexes = {
      load: (key: string) => Promise.resolve(saved.get(key) ?? null),
      save: (key: string, text: string) => Promise.resolve(void saved.set(key, text)),
    };
    let looks = 0;
    const bytes = shardBytes(100);
    const file = (version: string) => ({
      ...fileOfBytes('a', bytes, version),
      read: (offset: number, length: number) => {
        looks++;
        return Promise.resolve(bytes.slice(offset, offset + length));
      },
    });
    const first = await openWebDataset([file('1')], { indexes });
    const all = await read(first);
    looks = 0;
    const again = await openWebDataset([file('1')], { indexes });
    expect(looks).toBe(0);
    expect(await read(again, 0, 70)).toEqual(all.slice(70));
    for (const text of [
      '',
      '{',
      '{"version":1}',
      [...saved.values()][0]?.slice(0, -9) ?? '',
      '{"version":0}',
    ]) {
      looks = 0;
      for (const key of saved.keys()) saved.set(key, text);
      expect(await read(await openWebDataset([file('1')], { indexes }))).toEqual(all);
      expect(looks).toBeGreaterThan(0);
    }
    looks = 0;
    await openWebDataset([file('2')], { indexes });
    expect(looks).toBeGreaterThan(0);
  });
  it('tells progress and stops at the signal', async () => {
    const files = [fileOfBytes('a', shardBytes(10)), fileOfBytes('b', shardBytes(20))];
    const seen: unknown[] = [];
    const source = await openWebDataset(files, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual({ shards: 2, totalShards: 2, samples: 30 });
    const abort = new AbortController();
    abort.abort(new Error('stopped by hand'));
    await expect(openWebDataset(files, { signal: abort.signal })).rejects.toThrow('stopped by hand');
    await expect(source.read(0, 0, abort.signal)[Symbol.asyncIterator]().next()).rejects.toThrow(
      'stopped by hand',
    );
    await source.close();
  });
});
