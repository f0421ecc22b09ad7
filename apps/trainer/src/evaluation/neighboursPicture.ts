import type { RgbImage } from '@meanflow/train';
import { gridPicture } from '@meanflow/train/run';
import type { FeatureRows } from '@meanflow/eval';
import type { ImageSet } from './imageSet';

const ROWS_AT_ONCE = 1000;

/** Number of the row that is nearest to each wanted one, by the Euclidean distance. */
export function nearestRows(wanted: FeatureRows, rows: FeatureRows): Int32Array {
  const { dimension } = wanted;
  const nearest = new Int32Array(wanted.count);
  const distances = new Float64Array(wanted.count).fill(Infinity);
  const own = Float64Array.from(wanted.rows(0, wanted.count));
  for (let start = 0; start < rows.count; start += ROWS_AT_ONCE) {
    const end = Math.min(rows.count, start + ROWS_AT_ONCE);
    const block = rows.rows(start, end);
    for (let i = 0; i < wanted.count; i++) {
      for (let row = 0; row < end - start; row++) {
        let distance = 0;
        for (let d = 0; d < dimension; d++) {
          distance += ((own[i * dimension + d] ?? 0) - (block[row * dimension + d] ?? 0)) ** 2;
        }
        if (distance < (distances[i] ?? 0)) [distances[i], nearest[i]] = [distance, start + row];
      }
    }
  }
  return nearest;
}

/** Pixels of some images of a set, [indices.length, ...sampleShape], in the order of the indices. */
export async function imagesAt(images: ImageSet, indices: Int32Array): Promise<Uint8Array> {
  const size = images.sampleShape.reduce((product, n) => product * n, 1);
  const found = new Uint8Array(indices.length * size);
  const last = indices.reduce((most, index) => Math.max(most, index), 0);
  let first = 0;
  for await (const part of images.parts()) {
    const count = part.length / size;
    indices.forEach((index, i) => {
      const row = index - first;
      if (row >= 0 && row < count) found.set(part.subarray(row * size, (row + 1) * size), i * size);
    });
    first += count;
    if (first > last) break;
  }
  return found;
}

/**
 * Images beside others in pairs, from left to right: each drawn one, and to the right of it its nearest neighbour.
 *
 * @param drawn Pixels, [count, ...sampleShape].
 * @param neighbours As many.
 * @param pairs Pairs in a row.
 */
export function pairsPicture(
  drawn: Uint8Array,
  neighbours: Uint8Array,
  sampleShape: readonly number[],
  pairs: number,
): RgbImage {
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const count = drawn.length / size;
  const data = new Float32Array(2 * drawn.length);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < size; k++) {
      data[2 * i * size + k] = (drawn[i * size + k] ?? 0) / 127.5 - 1;
      data[(2 * i + 1) * size + k] = (neighbours[i * size + k] ?? 0) / 127.5 - 1;
    }
  }
  return gridPicture({ shape: [2 * count, ...sampleShape], data }, 2 * pairs);
}
