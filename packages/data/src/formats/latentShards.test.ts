import { encodeSafetensors } from '@meanflow/safetensors';
import type { SafeTensor } from '@meanflow/safetensors';
import { describe, expect, it } from 'vitest';
import { fileOfBytes } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';
import { readAll } from '../testing/readAll';
import { openLatentShards } from './latentShards';

const halves = [0x3c00, 0xc000, 0x3800, 0x0001, 0x7bff, 0x0000]; // 1, -2, 0.5, 2^-24, 65504, 0
const latents: SafeTensor = { dtype: 'F16', shape: [3, 1, 2], data: Uint16Array.from(halves) };
const labels: SafeTensor = { dtype: 'I64', shape: [3], data: BigInt64Array.of(2n, 0n, 1n) };
const more: SafeTensor = { dtype: 'F32', shape: [1, 1, 2], data: Float32Array.of(7, 8) };
const moreLabels: SafeTensor = { dtype: 'I32', shape: [1], data: Int32Array.of(4) };

const remote = (file: StoredFile): StoredFile => ({ ...file, seeksCheaply: false });
const files = () => [
  fileOfBytes('a', encodeSafetensors({ latents, labels })),
  fileOfBytes('b', encodeSafetensors({ latents: more, labels: moreLabels })),
];

describe('openLatentShards', () => {
  it.each([
    ['random', (file: StoredFile) => file],
    ['sequential', remote],
  ])('reads rows as float32, %s', async (access, form) => {
    const source = await openLatentShards(files().map(form), { name: 'set' });
    expect(source).toMatchObject({ name: 'set', access, numClasses: 5 });
    expect(source.shards.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    const samples = await readAll(source);
    expect(samples.map(({ label }) => label)).toEqual([2, 0, 1, 4]);
    expect(samples.map(({ content }) => content)).toEqual(
      [
        [1, -2],
        [0.5, 2 ** -24],
        [65504, 0],
        [7, 8],
      ].map((values) => ({ kind: 'values', values: Float32Array.from(values), shape: [1, 2] })),
    );
    await source.close();
  });
  it('enters a shard in the middle', async () => {
    const source = await openLatentShards([remote(files()[0]!)]);
    if (source.access !== 'sequential') throw new Error('not sequential');
    const found = [];
    for await (const { index, offset } of source.read(0, 2)) found.push([index, offset]);
    expect(found).toEqual([[2, expect.any(Number)]]);
    await expect(source.read(1, 0)[Symbol.asyncIterator]().next()).rejects.toThrow('got 1.');
  });
  it('does without labels', async () => {
    const source = await openLatentShards([fileOfBytes('a', encodeSafetensors({ latents }))]);
    expect(source.numClasses).toBe(0);
    expect(source.damage.skipped).toBe(0);
    expect((await readAll(source)).map(({ label, key }) => [key, label])).toEqual([
      ['0', 0],
      ['1', 0],
      ['2', 0],
    ]);
  });
  it('tells of a file that becomes shorter', async () => {
    const whole = encodeSafetensors({ latents, labels });
    let bytes = whole;
    const file = remote({
      ...fileOfBytes('a', whole),
      stream: (offset) => fileOfBytes('a', bytes).stream(offset),
    });
    const source = await openLatentShards([file], { damage: { policy: 'skip' } });
    const offset = (await readAll(source))[1]?.offset ?? 0;
    bytes = whole.slice(0, offset + 1);
    expect(await readAll(source)).toHaveLength(1);
    expect(source.damage.damages).toEqual([
      { shard: 'a', key: null, offset, problem: 'the file must have 3 rows, got 1', samples: 2 },
    ]);
  });
  it.each<[string, Record<string, SafeTensor>, string]>([
    ['no latents', { labels }, 'must have a tensor named latents, got labels'],
    ['integers', { latents: labels }, 'must have latents that are floats of shape [N, ...], got I64 of [3]'],
    ['other labels', { latents, labels: moreLabels }, 'must have labels of shape [3], got [1]'],
    [
      'labels that are floats',
      { latents, labels: { dtype: 'F32', shape: [3], data: new Float32Array(3) } },
      'got F32',
    ],
    [
      'negative labels',
      { latents, labels: { dtype: 'I32', shape: [3], data: Int32Array.of(0, -1, 0) } },
      'labels of a must be integers of at least 0, got -1 at index 1',
    ],
  ])('answers %s with a sentence', async (_, tensors, sentence) => {
    await expect(openLatentShards([fileOfBytes('a', encodeSafetensors(tensors))])).rejects.toThrow(sentence);
  });
  it('refuses files that do not belong together or are cut short', async () => {
    const [a, b] = files() as [StoredFile, StoredFile];
    const bare = fileOfBytes('bare', encodeSafetensors({ latents }));
    await expect(openLatentShards([a, bare])).rejects.toThrow(
      'bare must have labels if other files have, got none',
    );
    const wide = fileOfBytes(
      'wide',
      encodeSafetensors({
        latents: { ...more, shape: [2, 1] },
        labels: { ...labels, shape: [2], data: BigInt64Array.of(0n, 1n) },
      }),
    );
    await expect(openLatentShards([b, wide])).rejects.toThrow(
      'have latents of shape [1, 2] as other files, got [1]',
    );
    const cut = encodeSafetensors({ latents, labels }).slice(0, -1);
    await expect(openLatentShards([fileOfBytes('cut', cut)])).rejects.toThrow(
      'safetensors: cut must be a whole safetensors file, but tensor',
    );
    await expect(openLatentShards([])).rejects.toThrow('files must be at least one');
  });
});
