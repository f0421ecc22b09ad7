import { createDamageLog } from '../damage';
import type { DamageOptions } from '../damage';
import type { ImageDataset } from '../dataset';
import type { RandomAccessSource, SequentialSource, StoredSample } from '../source';

/** Counts what a fake source was asked for. */
export interface Watched {
  /** Shards that were opened, with the number that reading began at. */
  readonly opened: (readonly [shard: number, first: number])[];
  /** Samples that were read. */
  read: number;
  /** Iterators that are open. */
  open: number;
}

/** How a fake source behaves. */
export interface FakeOptions extends DamageOptions {
  /** Content of a sample by its number in the set; null if it is damaged. Default: 1 x 2 pixels that hold the number. */
  readonly content?: (number: number) => StoredSample['content'] | null;
  readonly numClasses?: number;
  /** Called before each sample. */
  readonly onRead?: (number: number) => Promise<void> | void;
}

/** One row of pixels that holds a number below 2^15, and can be seen to be mirrored. */
export function numberedPixels(number: number): StoredSample['content'] {
  return {
    kind: 'pixels',
    pixels: Uint8Array.of(number >> 7, 128 + (number & 127)),
    height: 1,
    width: 2,
    channels: 1,
  };
}

/** The number that a row of two floats holds, whether it is mirrored or not. */
export function numberOf(row: Float32Array): number {
  const [a = 0, b = 0] = Array.from(row, (v) => Math.round(127.5 * v + 127.5));
  return b >= 128 ? 128 * a + b - 128 : 128 * b + a - 128;
}

/** Shards of so many samples; sample n has label n mod numClasses. */
export function shardSource(
  counts: readonly number[],
  options: FakeOptions = {},
): SequentialSource & { readonly watched: Watched } {
  const { content = numberedPixels, numClasses = 7, onRead } = options;
  const watched: Watched = { opened: [], read: 0, open: 0 };
  const shards = counts.map((count, i) => ({ name: `shard-${i}`, count }));
  const damage = createDamageLog(options);
  async function* read(shard: number, first: number, signal?: AbortSignal) {
    watched.opened.push([shard, first]);
    watched.open++;
    const before = counts.slice(0, shard).reduce((sum, n) => sum + n, 0);
    try {
      for (let index = first; index < (counts[shard] ?? 0); index++) {
        signal?.throwIfAborted();
        const number = before + index;
        await onRead?.(number);
        watched.read++;
        const found = content(number);
        const key = String(number).padStart(6, '0');
        if (found === null) {
          damage.report({ shard: `shard-${shard}`, key, offset: 512 * index, problem: 'it must be whole' });
        } else {
          yield { index, key, offset: 512 * index, label: number % numClasses, content: found };
        }
      }
    } finally {
      watched.open--;
    }
  }
  const close = () => Promise.resolve();
  return { access: 'sequential', name: 'fake', shards, numClasses, damage, read, close, watched };
}

/** A data set in memory as a source. */
export function memorySource(dataset: ImageDataset, options: FakeOptions = {}): RandomAccessSource {
  const { images, height, width, channels, labels, name, count, numClasses, classNames } = dataset;
  const size = height * width * channels;
  const damage = createDamageLog(options);
  return {
    ...{ access: 'random', name, numClasses, damage, shards: [{ name, count }] },
    ...(classNames && { classNames }),
    async readAt(index) {
      await options.onRead?.(index);
      const content =
        options.content === undefined
          ? ({
              kind: 'pixels',
              pixels: images.slice(index * size, (index + 1) * size),
              height,
              width,
              channels,
            } as const)
          : options.content(index);
      const at = { key: String(index), offset: null };
      if (content !== null) return { index, ...at, label: labels[index] ?? 0, content };
      damage.report({ shard: name, ...at, problem: 'it must be whole' });
      return null;
    },
    close: () => Promise.resolve(),
  };
}
