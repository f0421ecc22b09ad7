import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { batchesOf } from './batches';
import type { Batch, BatchOptions, BatchSource } from './batches';
import type { ImageDataset } from './dataset';
import { pixelsToFloats } from './pixels';
import { toyPoints } from './toys';

/** Image i is 1 x 2, its left pixel i and its right pixel 255 - i; its label is i mod 7. */
function numbered(count: number): ImageDataset {
  const images = Uint8Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? i / 2 : 255 - (i - 1) / 2));
  const labels = Int32Array.from({ length: count }, (_, i) => i % 7);
  return { name: 'numbered', images, labels, height: 1, width: 2, channels: 1, count, numClasses: 7 };
}

/** The pixels of a batch's rows. */
function rows({ x, y }: Batch): number[][] {
  return [...y].map((_, row) =>
    [...x.subarray(2 * row, 2 * row + 2)].map((v) => Math.round(127.5 * v + 127.5)),
  );
}

/** Which images a stream of so many samples holds, mirrored ones by their number as well. */
function stream(count: number, length: number, batchSize: number, options: BatchOptions): number[] {
  const source = batchesOf(numbered(count), options);
  const steps = Array.from({ length: Math.ceil(length / batchSize) }, (_, step) =>
    source.batchAt(step, batchSize),
  );
  return steps.flatMap(rows).map(([left = 0, right = 0]) => Math.min(left, right));
}

const seeds = fc.nat();
const counts = fc.integer({ min: 1, max: 40 });
const sizes = fc.integer({ min: 1, max: 90 });

describe('batchesOf', () => {
  it('gives pixels as v / 127.5 - 1 with their labels and shape', () => {
    const dataset = numbered(5);
    const batch = batchesOf(dataset, { seed: 1, shuffle: false }).batchAt(0, 5);
    expect(batch).toEqual({
      x: pixelsToFloats(dataset.images),
      shape: [5, 1, 2, 1],
      y: dataset.labels,
      epoch: 0,
    });
  });
  it('keeps label and image together', () => {
    const batch = batchesOf(numbered(40), { seed: 1 }).batchAt(3, 25);
    rows(batch).forEach(([left], row) => {
      expect(batch.y[row]).toBe(left! % 7);
    });
  });
  it('visits every sample exactly once an epoch, whatever the batch size', () => {
    fc.assert(
      fc.property(seeds, counts, sizes, (seed, count, batchSize) => {
        const seen = stream(count, 3 * count, batchSize, { seed });
        for (let epoch = 0; epoch < 3; epoch++) {
          const visited = seen.slice(epoch * count, (epoch + 1) * count).sort((a, b) => a - b);
          expect(visited).toEqual([...Array(count).keys()]);
        }
      }),
    );
  });
  it('has the same sample at position k whatever the batch size, mirrored the same', () => {
    fc.assert(
      fc.property(seeds, counts, sizes, sizes, (seed, count, a, b) => {
        const dataset = numbered(count);
        const read = (size: number) => {
          const source = batchesOf(dataset, { seed, horizontalFlip: true });
          return Array.from({ length: Math.ceil(100 / size) }, (_, step) =>
            rows(source.batchAt(step, size)),
          ).flat();
        };
        expect(read(a).slice(0, 100)).toEqual(read(b).slice(0, 100));
      }),
    );
  });
  it('answers for any step in any order: nothing depends on what was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 20 }), (steps) => {
        const source = batchesOf(numbered(30), { seed: 9, horizontalFlip: true });
        for (const step of steps) {
          expect(source.batchAt(step, 8)).toEqual(
            batchesOf(numbered(30), { seed: 9, horizontalFlip: true }).batchAt(step, 8),
          );
        }
      }),
    );
  });
  it('splits a batch over ranks without loss, for every number of ranks', () => {
    fc.assert(
      fc.property(
        seeds,
        counts,
        fc.integer({ min: 1, max: 6 }),
        fc.nat(20),
        (seed, count, worldSize, step) => {
          const dataset = numbered(count);
          const whole = rows(batchesOf(dataset, { seed }).batchAt(step, 60));
          for (let rank = 0; rank < worldSize; rank++) {
            const part = batchesOf(dataset, { seed, rank, worldSize }).batchAt(step, 60);
            expect(part.shape[0]).toBe(60 / worldSize);
            expect(rows(part)).toEqual(whole.filter((_, i) => i % worldSize === rank));
          }
        },
      ),
    );
  });
  it('shuffles anew each epoch and for each seed', () => {
    const epochs = stream(40, 80, 40, { seed: 1 });
    expect(epochs.slice(0, 40)).not.toEqual(epochs.slice(40));
    expect(epochs.slice(0, 40)).not.toEqual(stream(40, 40, 40, { seed: 2 }));
    expect(stream(40, 80, 16, { seed: 1, shuffle: false })).toEqual([...Array(80).keys()].map((k) => k % 40));
  });
  it('knows the epoch that a batch begins in', () => {
    const source = batchesOf(numbered(10), { seed: 1 });
    expect([0, 1, 2, 3, 5].map((step) => source.batchAt(step, 4).epoch)).toEqual([0, 0, 0, 1, 2]);
  });
  it('mirrors about half of the images, other ones each epoch', () => {
    const source = batchesOf(numbered(100), { seed: 1, shuffle: false, horizontalFlip: true });
    const mirrored = [0, 1].map((step) =>
      rows(source.batchAt(step, 100)).map(([left, right]) => left! > right!),
    );
    for (const flags of mirrored) expect(Math.abs(flags.filter(Boolean).length - 50)).toBeLessThan(20); // 4 sigma
    expect(mirrored[0]).not.toEqual(mirrored[1]);
  });
  it('mirrors columns, not rows or channels', () => {
    const images = Uint8Array.from({ length: 12 }, (_, i) => i); // 2 x 2 x 3
    const dataset = { ...numbered(1), images, height: 2, width: 2, channels: 3 };
    const source = batchesOf(dataset, { seed: 0, horizontalFlip: true });
    const views = new Set(Array.from({ length: 20 }, (_, step) => source.batchAt(step, 1).x.join()));
    const mirror = Uint8Array.of(3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8);
    expect(views).toEqual(new Set([pixelsToFloats(images).join(), pixelsToFloats(mirror).join()]));
  });
  it('reads points as they are', () => {
    const moons = toyPoints('moons', { count: 50 });
    const batch = batchesOf(moons, { seed: 1, shuffle: false }).batchAt(0, 50);
    expect(batch).toEqual({ x: moons.points, shape: [50, 2], y: moons.labels, epoch: 0 });
  });
  it('is a BatchSource', () => {
    expectTypeOf(batchesOf(numbered(3), { seed: 1 })).toExtend<BatchSource>();
    expectTypeOf<ReturnType<BatchSource['batchAt']>>().toEqualTypeOf<Batch | Promise<Batch>>();
  });
});

describe('batchesOf refuses', () => {
  const dataset = numbered(4);
  it.each([
    [{ seed: -1 }, 'batchesOf: seed must be an integer of at least 0, got -1.'],
    [{ seed: 1, rank: 2, worldSize: 2 }, 'batchesOf: rank must be in [0, worldSize), got rank 2 of 2.'],
    [{ seed: 1, worldSize: 0 }, 'batchesOf: worldSize must be an integer of at least 1, got 0.'],
  ])('%j', (options, message) => {
    expect(() => batchesOf(dataset, options)).toThrow(message);
  });
  it('steps and sizes out of range', () => {
    const source = batchesOf(dataset, { seed: 1, rank: 1, worldSize: 2 });
    expect(() => source.batchAt(-1, 4)).toThrow('batchesOf: step must be an integer of at least 0, got -1.');
    expect(() => source.batchAt(0, 0.5)).toThrow(
      'batchesOf: batchSize must be an integer of at least 1, got 0.5.',
    );
    expect(() => source.batchAt(2 ** 52, 4)).toThrow(
      'batchesOf: the last position (step + 1) * batchSize must be',
    );
    expect(() => source.batchAt(0, 3)).toThrow(
      'batchesOf: batchSize must be a multiple of worldSize 2, got 3.',
    );
  });
  it('data sets whose parts do not fit', () => {
    const wrong = (change: Partial<ImageDataset>) => () => batchesOf({ ...dataset, ...change }, { seed: 1 });
    expect(wrong({ count: 0 })).toThrow(
      'batchesOf: data set numbered must have at least one sample, got count 0.',
    );
    expect(wrong({ width: 3 })).toThrow(
      'batchesOf: data set numbered must hold 12 values by its shape, got 8.',
    );
    expect(wrong({ labels: new Int32Array(3) })).toThrow(
      'batchesOf: data set numbered must have 4 labels, got 3.',
    );
    expect(wrong({ numClasses: 3 })).toThrow('must be in [0, 3), got 3 at index 3.');
    expect(() => batchesOf(toyPoints('rings', { count: 9 }), { seed: 1, horizontalFlip: true })).toThrow(
      'batchesOf: horizontalFlip must be false for points, got true for data set rings.',
    );
  });
});
