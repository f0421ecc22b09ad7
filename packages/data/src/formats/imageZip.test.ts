import { zipSync } from 'fflate';
import type { Zippable } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createDamageLog } from '../damage';
import { readerOfBytes } from '../io/reading';
import { readAll } from '../testing/readAll';
import { toZip64 } from '../testing/toZip64';
import { openImageZip } from './imageZip';

const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const image = (fill: number, length = 600) => new Uint8Array(length).fill(fill);
const files: Zippable = {
  '00000/img00000001.png': [image(2), { level: 0 }],
  '00000/img00000000.png': [image(1), { level: 9 }],
  'dataset.json': text({
    labels: [
      ['00000/img00000000.png', 5],
      ['00000/img00000001.png', 0],
    ],
  }),
  'notes.txt': text('no image'),
};
const archive = zipSync(files);
const open = (bytes: Uint8Array, options = {}) => openImageZip(readerOfBytes('set.zip', bytes), options);

describe('openImageZip', () => {
  it.each([
    ['an archive', archive],
    ['a zip64 archive', toZip64(archive)],
    ['an archive with a comment', Uint8Array.of(...archive.subarray(0, -2), 3, 0, 0x50, 0x4b, 5)],
  ])('reads %s', async (_, bytes) => {
    const source = await open(bytes);
    expect(source).toMatchObject({ name: 'set.zip', access: 'random', numClasses: 6 });
    expect(source.shards).toEqual([{ name: 'set.zip', count: 2 }]);
    const samples = await readAll(source);
    expect(samples.map(({ key, label }) => [key, label])).toEqual([
      ['00000/img00000000.png', 5],
      ['00000/img00000001.png', 0],
    ]);
    expect(samples.map(({ content }) => content)).toEqual([
      { kind: 'encoded', bytes: image(1) },
      { kind: 'encoded', bytes: image(2) },
    ]);
    expect(samples[1]?.offset).toBe(0); // stored first
    for (const { content } of samples) {
      expect(content.kind === 'encoded' && content.bytes.buffer.byteLength).toBeLessThan(700);
    }
    await source.close();
  });
  it.each([
    ['no list', {}],
    ['a list without labels', { 'dataset.json': text({ labels: null }) }],
  ])('has no labels with %s', async (_, list) => {
    const source = await open(zipSync({ 'a.png': image(1), 'b.jpg': image(2), ...list }));
    expect(source.numClasses).toBe(0);
    expect((await readAll(source)).map(({ key, label }) => [key, label])).toEqual([
      ['a.png', 0],
      ['b.jpg', 0],
    ]);
  });
  it('leaves out or refuses an image that is damaged', async () => {
    const damaged = archive.slice();
    damaged[100] = 3; // in the stored image
    const damage = createDamageLog({ policy: 'skip' });
    const source = await open(damaged, { damage });
    expect((await readAll(source)).map(({ index }) => index)).toEqual([0]);
    expect(damage.damages).toEqual([
      {
        shard: 'set.zip',
        key: '00000/img00000001.png',
        offset: 0,
        problem:
          'zip: set.zip must be a whole zip archive, but the checksum of its entry 00000/img00000001.png is wrong',
      },
    ]);
    await expect((await open(damaged)).readAt(1)).rejects.toThrow(
      'data: set.zip, sample 00000/img00000001.png at byte 0: zip: set.zip must be',
    );
    const tooLarge = await open(archive, { maxImageBytes: 599 });
    await expect(tooLarge.readAt(0)).rejects.toThrow('must have at most 599 bytes, got 600');
  });
  it('tells of images without a label and labels out of range', async () => {
    const partly = zipSync({ ...files, 'z.png': image(3) });
    await expect(open(partly)).rejects.toThrow('sample z.png');
    const source = await open(partly, { damage: { policy: 'skip' }, numClasses: 5 });
    expect(source.damage.damages.map(({ key, problem }) => [key, problem])).toEqual([
      ['00000/img00000000.png', 'the label must be in [0, 5), got 5'],
      ['z.png', 'the sample must have a label, as others have'],
    ]);
    expect((await readAll(source)).map(({ label }) => label)).toEqual([0]);
    expect(source.damage.skipped).toBe(2);
    expect(await readAll(await open(partly, { numClasses: 0 }))).toHaveLength(3);
  });
  it.each([
    ['nothing', new Uint8Array(), 'its last 0 bytes hold no end record: it is cut short or no zip'],
    ['half of it', archive.subarray(0, 700), 'hold no end record'],
    ['no image', zipSync({ 'a.txt': image(1) }), 'must hold at least one image, got none'],
  ])('answers %s with a sentence', async (_, bytes, sentence) => {
    await expect(open(bytes)).rejects.toThrow(sentence);
  });
  it('does not believe a directory', async () => {
    const end = archive.length - 22;
    const change = (at: number, value: number) => {
      const bytes = archive.slice();
      new DataView(bytes.buffer).setUint32(at, value, true);
      return bytes;
    };
    await expect(open(change(end + 12, 0x7fffffff))).rejects.toThrow('its directory of 4 entries cannot be');
    await expect(open(change(end + 16, 5))).rejects.toThrow('entry 0 of its directory is not at byte 5');
    const directory = new DataView(archive.buffer).getUint32(end + 16, true);
    await expect(open(change(directory + 20, 0x7fffffff))).rejects.toThrow('cannot begin at byte 0');
    await expect(open(change(directory + 42, 7))).resolves.toBeDefined(); // told when the entry is read
    await expect((await open(change(directory + 42, 7))).readAt(1)).rejects.toThrow('is not at byte 7');
    const zip64 = toZip64(archive);
    zip64[zip64.length - 42] = 0;
    await expect(open(zip64)).rejects.toThrow('its zip64 locator is missing');
  });
  it('refuses what it cannot unpack', async () => {
    const bytes = archive.slice();
    const view = new DataView(bytes.buffer);
    const directory = view.getUint32(archive.length - 22 + 16, true);
    view.setUint16(directory + 10, 14, true); // LZMA
    const source = await open(bytes);
    await expect(source.readAt(1)).rejects.toThrow('must be stored or deflated, got method 14');
  });
});
