import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeNpz } from '@meanflow/data';
import type { NpyArray } from '@meanflow/data';
import { encodePng, imageGrid, toPixels } from '@meanflow/train';
import type { RgbImage } from '@meanflow/train';
import { columnsFor, drawable, gridPicture } from '@meanflow/train/run';
import type { TargetKind } from './target';

/** Samples on the host. */
export interface Samples {
  /** [count, height, width, channels], or [count, 2] for points. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly labels: Int32Array | null;
}

function writeFile(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** `00012-class3.png`: sorted by number, and the class can be read. */
function fileName(index: number, count: number, label: number | undefined): string {
  const number = String(index).padStart(Math.max(5, String(count - 1).length), '0');
  return `${number}${label === undefined ? '' : `-class${label}`}.png`;
}

function writeFolder(folder: string, { shape, data, labels }: Samples): void {
  const shown = drawable({ shape, data });
  const [count = 0, ...rest] = shown.shape;
  const size = rest.reduce((product, n) => product * n, 1);
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    const image = {
      shape: [1, ...rest],
      data: Float32Array.from({ length: size }, (_, k) => shown.data[i * size + k] ?? 0),
    };
    writeFile(join(folder, fileName(i, count, labels?.[i])), encodePng(imageGrid(image, { gap: 0 })));
  }
}

/** `images` uint8 [N, H, W, C] or `points` float32 [N, 2], and `labels` int32 [N] where there are classes. */
function arraysOf({ shape, data, labels }: Samples): Record<string, NpyArray> {
  const samples: Record<string, NpyArray> =
    shape.length === 4
      ? { images: { dtype: 'uint8', shape, data: toPixels(data) } }
      : { points: { dtype: 'float32', shape, data } };
  return labels === null
    ? samples
    : { ...samples, labels: { dtype: 'int32', shape: [labels.length], data: labels } };
}

/**
 * Writes samples to a file or folder, making folders on the way.
 *
 * @param scatter The picture of points; null for images, which become a grid.
 */
export function writeSamples(
  path: string,
  kind: TargetKind,
  samples: Samples,
  scatter: RgbImage | null,
): void {
  if (kind === 'npz') {
    writeFile(path, encodeNpz(arraysOf(samples)));
  } else if (kind === 'folder') {
    writeFolder(path, samples);
  } else {
    const [count = 0] = samples.shape;
    writeFile(path, encodePng(scatter ?? gridPicture(samples, columnsFor(count, samples.labels))));
  }
}
