import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { batchesOf } from './batches';
import type { Batch, BatchSource } from './batches';
import { loadDigits } from './digits';
import { pixelsToFloats } from './pixels';
import type { Source } from './source';
import { streamBatches } from './streamBatches';
import type { BatchStream, StreamOptions } from './streamBatches';
import { memorySource, numberOf, numberedPixels, shardSource } from './testing/fakeSources';
import type { FakeOptions } from './testing/fakeSources';

/** Numbers of a batch's samples. */
function numbers({ x, y }: Batch): number[] {
  return Array.from(y, (_, row) => numberOf(x.subarray(2 * row, 2 * row + 2)));
}

/** Opens a stream for as long as `use` runs. */
async function withStream<T>(
  source: Source,
  options: StreamOptions,
  use: (stream: BatchStream) => Promise<T>,
) {
  const stream = await streamBatches(source, options);
  try {
    return await use(stream);
  } finally {
    await stream.close();
  }
}

/** Numbers of the samples of some steps. */
async function read(source: Source, options: StreamOptions, batchSize: number, steps: Iterable<number>) {
  return withStream(source, options, async (stream) => {
    const seen: number[] = [];
    for (const step of steps) seen.push(...numbers(await stream.batchAt(step, batchSize)));
    return seen;
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const ascending = (list: readonly number[]) => [...list].sort((a, b) => a - b);
const total = (counts: readonly number[]) => counts.reduce((sum, n) => sum + n, 0);

const seeds = fc.nat();
const shardCounts = fc
  .array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 })
  .filter((counts) => total(counts) > 0);
const buffers = fc.integer({ min: 1, max: 60 });
const sizes = fc.integer({ min: 1, max: 30 });

describe('streamBatches of shards', () => {
  it('visits every sample exactly once an epoch, whatever the shards, the buffer and the batch size', () =>
    fc.assert(
      fc.asyncProperty(seeds, shardCounts, buffers, sizes, async (seed, counts, shuffleBuffer, batchSize) => {
        const count = total(counts);
        const steps = range(0, Math.ceil((3 * count) / batchSize));
        const seen = await read(shardSource(counts), { seed, shuffleBuffer }, batchSize, steps);
        for (let epoch = 0; epoch < 3; epoch++) {
          expect(ascending(seen.slice(epoch * count, (epoch + 1) * count))).toEqual(range(0, count));
        }
      }),
      { numRuns: 60 },
    ));
  it('has the same sample at position k whatever was asked before, the batch size and the reading ahead', () =>
    fc.assert(
      fc.asyncProperty(
        ...([seeds, shardCounts, buffers, sizes, fc.nat(4), fc.array(fc.nat(20), { maxLength: 6 })] as const),
        async (seed, counts, shuffleBuffer, batchSize, prefetch, steps) => {
          const options = { seed, shuffleBuffer, horizontalFlip: true };
          const plain = await read(
            shardSource(counts),
            { ...options, prefetch: 0 },
            1,
            range(0, 21 * batchSize),
          );
          const seen = await read(shardSource(counts), { ...options, prefetch }, batchSize, steps);
          const expected = steps.flatMap((step) => plain.slice(step * batchSize, (step + 1) * batchSize));
          expect(seen).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    ));
  it('splits a batch over ranks without loss', () =>
    fc.assert(
      fc.asyncProperty(
        ...([seeds, shardCounts, buffers, fc.integer({ min: 1, max: 4 })] as const),
        async (seed, counts, shuffleBuffer, worldSize) => {
          const steps = [0, 1, 2, 7, 8];
          const whole = await read(shardSource(counts), { seed, shuffleBuffer }, 12, steps);
          for (let rank = 0; rank < worldSize; rank++) {
            const options = { seed, shuffleBuffer, rank, worldSize };
            const part = await read(shardSource(counts), options, 12, steps);
            expect(part).toEqual(whole.filter((_, i) => i % worldSize === rank));
          }
        },
      ),
      { numRuns: 40 },
    ));
  it('keeps label and image together', () =>
    withStream(shardSource([30, 30]), { seed: 1 }, async (stream) => {
      const batch = await stream.batchAt(2, 25);
      expect(numbers(batch).map((number) => number % 7)).toEqual([...batch.y]);
      expect({ shape: batch.shape, epoch: batch.epoch }).toEqual({ shape: [25, 1, 2, 1], epoch: 0 });
    }));
  it('mixes samples no farther than the buffer, and shards by their order', async () => {
    const seen = await read(shardSource([100, 100, 100]), { seed: 4, shuffleBuffer: 50 }, 300, [0]);
    const shardsOf = range(0, 6).map(
      (w) => new Set(seen.slice(50 * w, 50 * (w + 1)).map((n) => Math.floor(n / 100))),
    );
    expect(shardsOf.map((set) => set.size)).toEqual([1, 1, 1, 1, 1, 1]);
    const next = await read(shardSource([100, 100, 100]), { seed: 4, shuffleBuffer: 50 }, 300, [1]);
    expect(next).not.toEqual(seen);
  });
  it('keeps the order of the shards on request', async () => {
    expect(await read(shardSource([3, 0, 4]), { seed: 1, shuffle: false }, 14, [0])).toEqual([
      ...range(0, 7),
      ...range(0, 7),
    ]);
  });
  it('is unmoved by the timing of the source', async () => {
    const options = { seed: 3, shuffleBuffer: 16, prefetch: 3 };
    const slow = shardSource([20, 20], { onRead: (n) => sleep(n % 3) });
    expect(await read(slow, options, 8, range(0, 6))).toEqual(
      await read(shardSource([20, 20]), options, 8, range(0, 6)),
    );
  });
  it('reads again only what a resumed run needs', async () => {
    const source = shardSource(Array.from({ length: 20 }, () => 100));
    await withStream(source, { seed: 5, shuffleBuffer: 200, prefetch: 0 }, async (stream) => {
      source.watched.opened.length = 0;
      await stream.batchAt(95, 20); // position 1900 of 2000: half of the last window is used
      expect(source.watched.opened.length).toBeLessThanOrEqual(4); // two shards, and the next epoch's first
    });
  });
  it('holds no more than the buffer and the batches ahead', async () => {
    const source = shardSource([5000]);
    await withStream(source, { seed: 5, shuffleBuffer: 300, prefetch: 2 }, async (stream) => {
      for (let step = 0; step < 10; step++) {
        await stream.batchAt(step, 50);
        await sleep(1);
        expect(source.watched.read).toBeLessThanOrEqual(1 + 300 + 50 * (step + 3));
      }
    });
    expect(source.watched.open).toBe(0);
  });
});

describe('streamBatches of samples at random', () => {
  it('equals batchesOf bit for bit, mirrored images and ranks included', async () => {
    const digits = loadDigits();
    for (const options of [
      { seed: 11, horizontalFlip: true },
      { seed: 12, shuffle: false },
      { seed: 13, horizontalFlip: true, rank: 2, worldSize: 3 },
    ]) {
      const memory = batchesOf(digits, options);
      await withStream(memorySource(digits), options, async (stream) => {
        expect(stream).toMatchObject({ ...memory, batchAt: expect.any(Function) as unknown });
        for (const step of [0, 1, 2, 7, 8, 3]) {
          expect(await stream.batchAt(step, 300)).toEqual(memory.batchAt(step, 300));
        }
      });
    }
  });
  it('passes values through as they are', async () => {
    const values = (number: number) =>
      ({ kind: 'values', values: Float32Array.of(number / 7, -number * 100), shape: [2, 1] }) as const;
    await withStream(shardSource([4], { content: values }), { seed: 1, shuffle: false }, async (stream) => {
      const { x, shape } = await stream.batchAt(0, 4);
      expect({ x: [...x], shape }).toEqual({
        x: range(0, 4).flatMap((n) => [Math.fround(n / 7), -n * 100]),
        shape: [4, 2, 1],
      });
    });
  });
  it('crops to a size and changes the channels', async () => {
    const content = () =>
      ({ kind: 'pixels', pixels: Uint8Array.from(range(0, 12)), height: 2, width: 2, channels: 3 }) as const;
    await withStream(shardSource([1], { content }), { seed: 1, size: 1, channels: 1 }, async (stream) => {
      expect(stream.sampleShape).toEqual([1, 1, 1]);
      const { x } = await stream.batchAt(0, 1);
      // First the grey of each pixel, 1, 4, 7, 10; then means, columns first, rounded up at half: 3 and 9, then 6.
      expect(x).toEqual(pixelsToFloats(Uint8Array.of(6)));
    });
  });
});

/** A set in which some samples are damaged. */
const damaged = (bad: readonly number[], options: FakeOptions = {}) =>
  shardSource([10, 10, 10], {
    policy: 'skip',
    content: (n) => (bad.includes(n) ? null : numberedPixels(n)),
    ...options,
  });

describe('streamBatches with damage', () => {
  it('puts the next good sample of the order in the place of a damaged one, and moves no other', async () => {
    const options = { seed: 8, shuffleBuffer: 12 };
    const whole = await read(shardSource([10, 10, 10]), options, 30, [0]);
    const bad = [whole[4]!, whole[5]!, whole[29]!, 17];
    const nextGood = (place: number): number => {
      const number = whole[(place + 1) % 30]!;
      return bad.includes(number) ? nextGood(place + 1) : number;
    };
    const expected = whole.map((number, place) => (bad.includes(number) ? nextGood(place) : number));
    for (const batchSize of [30, 15, 2]) {
      const source = damaged(bad);
      expect(await read(source, options, batchSize, range(0, 30 / batchSize))).toEqual(expected);
      expect(source.damage.skipped).toBe(new Set(bad).size);
    }
    const halves = await Promise.all(
      [0, 1].map((rank) => read(damaged(bad), { ...options, rank, worldSize: 2 }, 6, range(0, 5))),
    );
    expect(halves).toEqual([0, 1].map((rank) => expected.filter((_, i) => i % 2 === rank)));
  });
  it('counts damage once over epochs', async () => {
    const source = damaged([3, 4]);
    await read(source, { seed: 1 }, 30, range(0, 4));
    expect(source.damage.skipped).toBe(2);
  });
  it('fails with one sentence at the batch that needs the sample', async () => {
    const source = damaged([25], { policy: 'fail' });
    await withStream(source, { seed: 1, shuffle: false, prefetch: 5 }, async (stream) => {
      expect(numbers(await stream.batchAt(0, 10))).toEqual(range(0, 10));
      await sleep(5); // the batches ahead have failed by now
      expect(numbers(await stream.batchAt(1, 10))).toEqual(range(10, 20));
      await expect(stream.batchAt(2, 10)).rejects.toThrow(
        'data: shard-2, sample 000025 at byte 2560: it must be whole.',
      );
      expect(numbers(await stream.batchAt(0, 10))).toEqual(range(0, 10)); // elsewhere it goes on
    });
  });
  it('goes on after a batch that has failed', async () => {
    let broken = true;
    const onRead = (n: number) => {
      if (broken && n === 15) throw new Error('the server is gone');
    };
    await withStream(shardSource([30], { onRead }), { seed: 1, shuffle: false }, async (stream) => {
      expect(numbers(await stream.batchAt(0, 10))).toEqual(range(0, 10));
      await expect(stream.batchAt(1, 10)).rejects.toThrow('the server is gone');
      expect(numbers(await stream.batchAt(2, 10))).toEqual(range(20, 30));
      broken = false;
      expect(numbers(await stream.batchAt(1, 10))).toEqual(range(10, 20));
    });
  });
  it('fails when nothing is whole', async () => {
    const source = damaged(range(0, 30));
    await expect(streamBatches(source, { seed: 1 })).rejects.toThrow(
      'must have a good sample, got none in fake.',
    );
  });
  it('names the sample that does not fit the others', async () => {
    const content = (n: number) =>
      ({
        kind: 'pixels',
        pixels: new Uint8Array(n === 3 ? 6 : 2),
        height: 1,
        width: n === 3 ? 6 : 2,
        channels: 1,
      }) as const;
    await expect(read(shardSource([5], { content }), { seed: 1 }, 5, [0])).rejects.toThrow(
      'streamBatches: every sample must be 1 x 2 x 1 pixels as the first one, got 1 x 6 x 1 pixels in shard-0, sample 3. Likely fix: set size',
    );
  });
});

describe('streamBatches', () => {
  it('ends waiting batches on close, and refuses new ones', async () => {
    const source = shardSource([100], { onRead: (n) => (n > 20 ? sleep(20) : undefined) });
    const stream = await streamBatches(source, { seed: 1 });
    const waiting = stream.batchAt(0, 10);
    const closed = stream.close();
    await expect(waiting).rejects.toThrow('streamBatches: the stream of fake was closed.');
    await closed;
    expect(source.watched.open).toBe(0);
    await expect(stream.batchAt(0, 10)).rejects.toThrow('was closed');
  });
  it('ends with its signal', async () => {
    const abort = new AbortController();
    const source = shardSource([100]);
    const stream = await streamBatches(source, { seed: 1, signal: abort.signal });
    await stream.batchAt(0, 10);
    abort.abort(new Error('enough'));
    await expect(stream.batchAt(1, 10)).rejects.toThrow('enough');
    await stream.close();
    expect(source.watched.open).toBe(0);
  });
  it('serves steps that are asked for at once, even when they are not neighbours', () =>
    withStream(shardSource([40]), { seed: 1, shuffle: false, prefetch: 1 }, async (stream) => {
      const batches = await Promise.all([0, 1, 2, 9, 5].map((step) => stream.batchAt(step, 4)));
      expect(batches.map((batch) => numbers(batch)[0])).toEqual([0, 4, 8, 36, 20]);
    }));
  it('tells what it did', () =>
    withStream(
      shardSource([40], { onRead: () => sleep(1) }),
      { seed: 1, shuffleBuffer: 4 },
      async (stream) => {
        expect(stream.stats()).toEqual({
          ...{ batches: 0, samples: 0, seconds: 0, waitSeconds: 0, waitShare: 0, decoded: 0, skipped: 0 },
        });
        await stream.batchAt(0, 8);
        await sleep(20);
        const { batches, samples, seconds, waitSeconds, waitShare } = stream.stats();
        expect({ batches, samples }).toEqual({ batches: 1, samples: 8 });
        expect(waitSeconds).toBeGreaterThan(0.005);
        expect(waitShare).toBeCloseTo(waitSeconds / seconds, 2);
        expect(waitShare).toBeLessThan(1);
      },
    ));
  it('is a BatchSource', () => {
    expectTypeOf<BatchStream>().toExtend<BatchSource>();
  });
  it.each([
    [{ seed: -1 }, 'streamBatches: seed must be an integer of at least 0, got -1.'],
    [{ seed: 1, rank: 1 }, 'streamBatches: rank must be in [0, worldSize), got rank 1 of 1.'],
    [{ seed: 1, shuffleBuffer: 0 }, 'streamBatches: shuffleBuffer must be an integer of at least 1, got 0.'],
    [{ seed: 1, prefetch: -1 }, 'streamBatches: prefetch must be an integer of at least 0, got -1.'],
    [{ seed: 1, size: 0 }, 'streamBatches: size must be an integer of at least 1, got 0.'],
  ])('refuses %j', async (options, message) => {
    await expect(streamBatches(shardSource([4]), options)).rejects.toThrow(message);
  });
  it('refuses sources without samples, and encoded images without a decoder', async () => {
    await expect(streamBatches(shardSource([0]), { seed: 1 })).rejects.toThrow(
      'streamBatches: data set fake must have at least one sample, got none.',
    );
    const content = () => ({ kind: 'encoded', bytes: new Uint8Array(3) }) as const;
    await expect(streamBatches(shardSource([1], { content }), { seed: 1 })).rejects.toThrow(
      'streamBatches: the images of fake need a decoder, got none. Pass decoder: createImageDecoder()',
    );
  });
});
