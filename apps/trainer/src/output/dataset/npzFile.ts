import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { encodeNpz } from '@meanflow/data';
import { replaceDurably } from '@meanflow/train/node';
import type { DatasetWriter, WriterOptions } from './datasetWriter';

const MOST_BYTES = 2 ** 30;

/** NumPy arrays: `images` uint8 [N, H, W, C] and, with classes, `labels` int32 [N]. The images are held in memory. */
export function npzWriter({ path, numClasses }: WriterOptions): DatasetWriter {
  const [images, labels]: [Uint8Array[], number[]] = [[], []];
  let shape: readonly number[] | null = null;
  let bytes = 0;
  return {
    add({ image: { pixels, height, width, channels }, label }) {
      const own = [height, width, channels];
      shape ??= own;
      if (own.join() !== shape.join()) {
        throw new Error(
          `convert: images of an array must be of one shape, got ${own.join('x')} after ${shape.join('x')}. Likely fix: --size scales and crops them, --channels makes them alike.`,
        );
      }
      bytes += pixels.length;
      if (bytes > MOST_BYTES) {
        throw new Error(
          `convert: an array file must hold at most ${MOST_BYTES} bytes of images, got more. Likely fix: write WebDataset shards instead.`,
        );
      }
      images.push(pixels);
      labels.push(label);
    },
    finish() {
      const data = new Uint8Array(bytes);
      let at = 0;
      for (const pixels of images) {
        data.set(pixels, at);
        at += pixels.length;
      }
      const arrays = { images: { dtype: 'uint8', shape: [images.length, ...(shape ?? [])], data } } as const;
      const classes = {
        labels: { dtype: 'int32', shape: [labels.length], data: Int32Array.from(labels) },
      } as const;
      mkdirSync(dirname(path), { recursive: true });
      replaceDurably(path, encodeNpz(numClasses === 0 ? arrays : { ...arrays, ...classes }));
    },
    abort: () => undefined,
  };
}
