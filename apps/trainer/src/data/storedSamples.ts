import type { BatchSource } from '@meanflow/data';
import type { ImageBatch } from '@meanflow/train';

const ROWS_AT_ONCE = 250;

/** Samples of a source in the order as stored, some at a time, each once. */
export async function* storedSamples(
  source: BatchSource,
): AsyncGenerator<{ x: Float32Array; y: Int32Array; count: number }> {
  const size = source.sampleShape.reduce((product, n) => product * n, 1);
  const rows = Math.min(ROWS_AT_ONCE, source.count);
  for (let step = 0; step * rows < source.count; step++) {
    const { x, y } = await source.batchAt(step, rows);
    const count = Math.min(rows, source.count - step * rows); // the last batch runs on into the next epoch
    yield { x: x.subarray(0, count * size), y: y.subarray(0, count), count };
  }
}

/**
 * The first samples of the wanted classes, in the order of the labels; -1 (black) where a class has too few.
 *
 * @param source In the order as stored.
 * @param labels Class of each wanted sample; null for any.
 */
export async function firstSamples(
  source: BatchSource,
  count: number,
  labels: Int32Array | null,
): Promise<ImageBatch> {
  const size = source.sampleShape.reduce((product, n) => product * n, 1);
  const data = new Float32Array(count * size).fill(-1);
  const open = Array.from({ length: count }, (_, i) => i); // places without a sample, in their order
  for await (const { x, y, count: found } of storedSamples(source)) {
    for (let row = 0; row < found && open.length > 0; row++) {
      const place = labels === null ? 0 : open.findIndex((at) => labels[at] === y[row]);
      const [at] = place < 0 ? [] : open.splice(place, 1);
      if (at !== undefined) data.set(x.subarray(row * size, (row + 1) * size), at * size);
    }
    if (open.length === 0) break;
  }
  return { shape: [count, ...source.sampleShape], data };
}
