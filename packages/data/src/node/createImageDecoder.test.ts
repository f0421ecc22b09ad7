import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { golden } from '@meanflow/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageDecoder } from '../image/imageDecoder';
import type { RawImage } from '../source';
import { streamBatches } from '../streamBatches';
import { buildWorker } from '../testing/buildWorker';
import { shardSource } from '../testing/fakeSources';
import { createImageDecoder } from './createImageDecoder';
import { decodeWithSharp } from './decodeWithSharp';

const stored = golden(import.meta.url.replace('/node/', '/'), 'jpeg_pixels.safetensors');
const names = stored.names.filter((name) => name.endsWith('/file')).map((name) => name.slice(0, -5));
const cifar = names.filter((name) => name.startsWith('cifar/'));
const fileOf = (name: string) => Uint8Array.from(stored.data(`${name}/file`));
const asIs = { size: null, channels: null };

function pixelsOf(name: string, mode: 'rgb' | 'grey'): RawImage {
  const [height = 0, width = 0, channels = 0] = stored.shape(`${name}/${mode}`);
  return { kind: 'pixels', pixels: Uint8Array.from(stored.data(`${name}/${mode}`)), height, width, channels };
}

/** An image as a short text: comparing long arrays takes its time. */
function digest(image: RawImage | string | undefined): string {
  if (typeof image !== 'object') return String(image);
  const { height, width, channels, pixels } = image;
  return `${height}x${width}x${channels} ${createHash('sha256').update(pixels).digest('hex')}`;
}

let decoders: { here: ImageDecoder; threads: ImageDecoder };
let worker: Awaited<ReturnType<typeof buildWorker>>;
beforeAll(async () => {
  worker = await buildWorker();
  decoders = {
    here: createImageDecoder({ workers: 0 }),
    threads: createImageDecoder({ workers: 2, workerFile: worker.file }),
  };
});
afterAll(async () => {
  await Promise.all([decoders.here.close(), decoders.threads.close()]);
  worker.remove();
});

describe.each(['here', 'threads'] as const)('createImageDecoder, %s', (where) => {
  it('finds the pixels that Pillow finds, in colour and in grey', async () => {
    for (const [mode, channels] of [
      ['rgb', 3],
      ['grey', 1],
    ] as const) {
      const images = await decoders[where].decode(names.map(fileOf), { size: null, channels });
      names.forEach((name, i) => {
        expect(digest(images[i]), `${name} ${mode}`).toBe(digest(pixelsOf(name, mode)));
      });
    }
  });
  it('answers for every image, in order, however many there are', async () => {
    const files = Array.from({ length: 300 }, (_, i) => fileOf(cifar[i % cifar.length]!));
    const images = await decoders[where].decode(files, asIs);
    const expected = cifar.map((name) => digest(pixelsOf(name, 'rgb')));
    expect(images.map(digest)).toEqual(files.map((_, i) => expected[i % cifar.length]));
    expect(await decoders[where].decode([], asIs)).toEqual([]);
  });
  it('leaves the bytes with their owner', async () => {
    const shared = new Uint8Array(5000);
    const file = fileOf(cifar[0]!);
    shared.set(file, 100);
    const [image] = await decoders[where].decode([shared.subarray(100, 100 + file.length)], asIs);
    expect(image).toEqual(pixelsOf(cifar[0]!, 'rgb'));
    expect(shared.subarray(100, 100 + file.length)).toEqual(file);
  });
  it('says in one sentence what is wrong with an image, and goes on with the next', async () => {
    const whole = fileOf('420');
    const files = [
      whole.subarray(0, 700),
      whole,
      new Uint8Array(12),
      new Uint8Array(0),
      fileOf('png').subarray(0, 200),
      whole,
    ];
    const images = await decoders[where].decode(files, asIs);
    expect([images[1], images[5]]).toEqual([pixelsOf('420', 'rgb'), pixelsOf('420', 'rgb')]);
    expect(images[0]).toMatch(
      /^the image must be decodable, got 700 bytes and ".*premature end of JPEG image"$/,
    );
    expect(images[2]).toMatch(
      /^the image must be decodable, got 12 bytes and "Input buffer contains unsupported image format"$/,
    );
    expect(images[3]).toMatch(/^the image must be decodable, got 0 bytes and/);
    expect(images[4]).toMatch(/^the image must be decodable, got 200 bytes and "/);
  });
  it('crops where it decodes', async () => {
    const [image] = await decoders[where].decode([fileOf('422')], { size: 8, channels: 1 });
    expect(image).toMatchObject({ height: 8, width: 8, channels: 1 });
  });
  it('ends when it is told to', async () => {
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    await expect(decoders[where].decode([fileOf(cifar[0]!)], asIs, abort.signal)).rejects.toThrow('enough');
  });
});

describe('createImageDecoder', () => {
  it('never gives a part of a JPEG that was cut', async () => {
    const files = [...cifar, 'progressive', 'grey', 'restart'].map(fileOf);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (file, share) => {
          const length = Math.floor(share * (file.length - 2));
          const [image] = await decoders.here.decode([file.subarray(0, length)], asIs);
          expect(typeof image).toBe('string');
        },
      ),
      { numRuns: 40 },
    );
  });
  it('survives any damage, and decodes whole images as before', async () => {
    const expected = digest(pixelsOf('420', 'rgb'));
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), flips, async (name, places) => {
        const file = fileOf(name);
        for (const [at, flip] of places) file[at % file.length]! ^= flip;
        const [image, whole] = await decoders.here.decode([file, fileOf('420')], asIs);
        if (typeof image === 'object') {
          expect(image.pixels.length).toBe(image.height * image.width * image.channels);
        }
        expect(digest(whole)).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });
  it('has one result, whether libjpeg-turbo or libvips decodes', async () => {
    for (const name of ['444', '422', '420', 'progressive', 'rotated', ...cifar]) {
      expect(await decodeWithSharp(fileOf(name)), name).toEqual(pixelsOf(name, 'rgb'));
    }
  });
  it('serves a stream, whose order does not depend on the threads', async () => {
    const content = (n: number) => ({ kind: 'encoded', bytes: fileOf(cifar[n % cifar.length]!) }) as const;
    const read = async (decoder: ImageDecoder) => {
      const stream = await streamBatches(shardSource([100, 60], { content }), { seed: 1, decoder, size: 32 });
      try {
        const batches = [
          await stream.batchAt(0, 64),
          await stream.batchAt(1, 64),
          await stream.batchAt(7, 64),
        ];
        expect(stream.stats().decoded).toBeGreaterThanOrEqual(192);
        return batches.map(({ x, y }) => [createHash('sha256').update(x).digest('hex'), ...y]);
      } finally {
        await stream.close();
      }
    };
    expect(await read(decoders.threads)).toEqual(await read(decoders.here));
  });
  it('skips an image that cannot be decoded, and names it where it must fail', async () => {
    const content = (n: number) =>
      ({ kind: 'encoded', bytes: n === 3 ? fileOf('420').subarray(0, 650) : fileOf('420') }) as const;
    const skipping = shardSource([10], { content, policy: 'skip' });
    const options = { seed: 1, shuffle: false, decoder: decoders.threads };
    const stream = await streamBatches(skipping, options);
    await stream.batchAt(0, 10);
    await stream.close();
    expect(skipping.damage.damages).toEqual([
      expect.objectContaining({ shard: 'shard-0', key: '000003', offset: 1536 }),
    ]);
    const failing = await streamBatches(shardSource([10], { content }), options);
    await expect(failing.batchAt(0, 10)).rejects.toThrow(
      /^data: shard-0, sample 000003 at byte 1536: the image must be decodable, got 650 bytes and ".*premature end of JPEG image"\. Likely fix/,
    );
    await failing.close();
  });
  it('closes in the middle of its work', async () => {
    const decoder = createImageDecoder({ workers: 2, workerFile: worker.file });
    const files = Array.from({ length: 500 }, (_, i) => fileOf(cifar[i % cifar.length]!));
    const waiting = expect(decoder.decode(files, asIs)).rejects.toThrow(
      'createImageDecoder: a decoder must be open, got one that was closed.',
    );
    await decoder.close();
    await waiting;
    await expect(decoder.decode(files, asIs)).rejects.toThrow('must be open');
  });
  it('refuses options that are none', () => {
    expect(() => createImageDecoder({ workers: -1 })).toThrow(
      'createImageDecoder: workers must be an integer of at least 0, got -1.',
    );
    expect(() => createImageDecoder({ workerFile: 'missing.mjs' })).toThrow(
      'createImageDecoder: workerFile must exist, got missing.mjs.',
    );
  });
});
