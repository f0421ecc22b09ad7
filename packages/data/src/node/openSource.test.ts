import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeSafetensors } from '@meanflow/safetensors';
import { zipSync } from 'fflate';
import { encodeNpy } from '../npy';
import { encodeNpz } from '../npz';
import { encodeIdx } from '../testing/encodeIdx';
import { cifarFolder, needsCifar } from '../testing/cifarFolder';
import { readAll } from '../testing/readAll';
import { temporaryFolder } from '../testing/temporaryFolder';
import { shardBytes } from '../testing/webDatasetFiles';
import { openSource } from './openSource';

describe('openSource, WebDataset', () => {
  function folderOfShards(): string {
    const folder = join(temporaryFolder(onTestFinished), 'birds');
    mkdirSync(folder);
    writeFileSync(join(folder, 'train-001.tar.gz'), gzipSync(shardBytes(4, { first: 5, numClasses: 3 })));
    writeFileSync(join(folder, 'train-000.tar'), shardBytes(5, { numClasses: 3 }));
    writeFileSync(join(folder, 'val.tar'), shardBytes(2, { first: 100, numClasses: 3 }));
    writeFileSync(join(folder, 'classes.txt'), 'wren\nrobin\n\nowl\n');
    return folder;
  }
  it.each([
    ['train-{000..001}.tar{,.gz}', 'train', null],
    ['train-*.tar*', 'train', 9],
    ['train-00?.tar', 'train-00', 5],
    ['{val,train-000}.tar', 'birds', 7],
    ['val.tar', 'val', 2],
    ['', 'birds', 11],
  ])('opens %s', async (pattern, name, count) => {
    const folder = folderOfShards();
    const opening = openSource(join(folder, pattern), { cache: null, name: 'given' });
    if (count === null) {
      await expect(opening).rejects.toThrow('train-000.tar.gz: the shard must be readable, got ENOENT');
      return;
    }
    const given = await opening;
    await given.close();
    const source = await openSource(join(folder, pattern), { cache: null });
    expect(given.name).toBe('given');
    expect(source).toMatchObject({ name, numClasses: 3, classNames: ['wren', 'robin', 'owl'] });
    expect(await readAll(source)).toHaveLength(count);
    await source.close();
  });
  it('keeps an index of each shard', async () => {
    const folder = folderOfShards();
    const cache = join(folder, 'cache');
    const first = await readAll(await openSource(folder, { cache }));
    expect(readdirSync(cache)).toHaveLength(3);
    expect(await readAll(await openSource(folder, { cache }))).toEqual(first);
    for (const file of readdirSync(cache)) writeFileSync(join(cache, file), '{"version":1,"count":');
    expect(await readAll(await openSource(folder, { cache }))).toEqual(first);
  });
});

describe('openSource, CIFAR-10', () => {
  it.skipIf(cifarFolder === null)(`reads every test image once${needsCifar}`, async () => {
    const source = await openSource(join(cifarFolder ?? '', 'cifar10-test-{00000..00000}.tar.gz'), {
      cache: null,
    });
    expect(source).toMatchObject({ name: 'cifar10-test', numClasses: 10 });
    expect(source.classNames?.[0]).toBe('airplane');
    expect(source.shards[0]?.count).toBe(10_000);
    const perClass = new Int32Array(10);
    for (const { label, content } of await readAll(source)) {
      perClass[label] = (perClass[label] ?? 0) + 1;
      if (content.kind !== 'encoded' || content.bytes[0] !== 0xff) throw new Error('not a JPEG');
    }
    expect([...perClass]).toEqual(Array.from({ length: 10 }, () => 1000));
    await source.close();
  });
});

describe('openSource', () => {
  const pixels = { dtype: 'uint8', shape: [2, 1, 2, 1], data: Uint8Array.of(1, 2, 3, 4) } as const;
  const idx = encodeIdx([2, 1, 2], pixels.data);
  const png = Uint8Array.of(0x89);
  const latents = { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1, 2) } as const;
  it.each<[string, string, Record<string, Uint8Array>, object]>([
    ['an npz', 's.npz', { 's.npz': encodeNpz({ images: pixels }) }, { name: 's', numClasses: 0 }],
    ['an npy by its content', 's', { s: encodeNpy(pixels) }, { name: 's' }],
    ['a zip', 's.zip', { 's.zip': zipSync({ 'a.png': png, 'b.png': png }) }, { name: 's' }],
    ['latents', 's.safetensors', { 's.safetensors': encodeSafetensors({ latents }) }, { name: 's' }],
    [
      'a folder of latents',
      '',
      {
        'a.safetensors': encodeSafetensors({ latents: { ...latents, shape: [1, 2] } }),
        'b.safetensors': encodeSafetensors({ latents: { ...latents, shape: [1, 2] } }),
      },
      { name: 'set' },
    ],
    ['a folder of images', '', { 'a.png': png, 'b.jpg': png }, { name: 'set', numClasses: 0 }],
    ['IDX by its content', 's', { s: idx }, { name: 's', numClasses: 0 }],
    [
      'IDX with labels',
      'x-images-idx3-ubyte.gz',
      { 'x-images-idx3-ubyte.gz': gzipSync(idx), 'x-labels-idx1-ubyte': encodeIdx([2], Uint8Array.of(0, 3)) },
      { name: 'x-images-idx3-ubyte', numClasses: 4 },
    ],
    [
      'a folder of IDX',
      '',
      {
        't10k-images-idx3-ubyte': encodeIdx([1, 1, 2], Uint8Array.of(1, 2)),
        'train-images-idx3-ubyte': idx,
        'train-labels-idx1-ubyte': encodeIdx([2], Uint8Array.of(0, 3)),
      },
      { name: 'set', numClasses: 4 },
    ],
    ['a tar by its content', 's', { s: shardBytes(2) }, { name: 's', numClasses: 2 }],
  ])('opens %s', async (_, path, files, expected) => {
    const folder = join(temporaryFolder(onTestFinished), 'set');
    mkdirSync(folder);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    const source = await openSource(join(folder, path), { cache: null });
    expect(source).toMatchObject(expected);
    expect(await readAll(source)).toHaveLength(2);
    await source.close();
  });
  it('takes the format as said', async () => {
    const folder = temporaryFolder(onTestFinished);
    writeFileSync(join(folder, 'a.tar'), 'x');
    writeFileSync(join(folder, 'a.png'), 'x');
    await expect(openSource(folder, { cache: null })).rejects.toThrow('a.tar');
    expect(await readAll(await openSource(folder, { format: 'folder' }))).toHaveLength(1);
    await expect(openSource(folder, { format: 'zip' })).rejects.toThrow(
      `openSource: ${folder} must be one file in this format, got 0. Likely fix: name one file.`,
    );
  });
  it('says what it cannot find or recognise', async () => {
    const folder = temporaryFolder(onTestFinished);
    await expect(openSource(join(folder, 'x'))).rejects.toThrow(
      `openSource: ${join(folder, 'x')} must be a readable file or folder, got ENOENT. Likely fix: check the path.`,
    );
    await expect(openSource(join(folder, '*.tar'))).rejects.toThrow('must match at least one file, got none');
    writeFileSync(join(folder, 'x'), 'x');
    await expect(openSource(join(folder, 'x'))).rejects.toThrow(
      /^openSource: .*x must be one of: WebDataset shards .*; it looks like none\. Likely fix: check the path, or say the format\.$/,
    );
  });
});
