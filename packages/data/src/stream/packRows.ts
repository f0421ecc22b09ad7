import { uniforms } from '@meanflow/random';
import type { Batch } from '../batches';
import { pixelToFloat } from '../pixels';
import type { Source } from '../source';
import type { ReadyRow } from './assembleRows';

/** A batch as it waits for its step: images as bytes, a quarter of the floats. */
export interface PackedBatch {
  readonly data: Uint8Array | Float32Array;
  /** Rows that are mirrored. */
  readonly mirrored: readonly boolean[];
  readonly y: Int32Array;
}

/** Shape and kind that every sample must have. */
export interface SampleForm {
  readonly kind: 'pixels' | 'values';
  readonly shape: readonly number[];
}

/** Shape and kind of a ready sample. */
export function formOf({ content }: ReadyRow): SampleForm {
  if (content.kind === 'values') return { kind: 'values', shape: content.shape };
  return { kind: 'pixels', shape: [content.height, content.width, content.channels] };
}

const describe = ({ kind, shape }: SampleForm) => `${shape.join(' x ')} ${kind}`;

function checkRow(row: ReadyRow, expected: SampleForm, source: Source): void {
  const form = formOf(row);
  const limit = Math.max(source.numClasses, 1);
  const where = `${source.shards[row.ordered.shard]?.name ?? source.name}, sample ${row.ordered.index}`;
  if (form.kind !== expected.kind || form.shape.join() !== expected.shape.join()) {
    throw new RangeError(
      `streamBatches: every sample must be ${describe(expected)} as the first one, got ${describe(form)} in ${where}. Likely fix: set size, which crops images to one size.`,
    );
  }
  if (!Number.isInteger(row.label) || row.label < 0 || row.label >= limit) {
    throw new RangeError(
      `streamBatches: labels must be integers in [0, ${limit}), got ${row.label} in ${where}.`,
    );
  }
}

/** Puts rows side by side. */
export function packRows(
  rows: readonly ReadyRow[],
  expected: SampleForm,
  source: Source,
  isMirrored: (row: ReadyRow, i: number) => boolean,
): PackedBatch {
  const size = expected.shape.reduce((product, n) => product * n, 1);
  const data = new (expected.kind === 'pixels' ? Uint8Array : Float32Array)(rows.length * size);
  rows.forEach((row, i) => {
    checkRow(row, expected, source);
    data.set(row.content.kind === 'pixels' ? row.content.pixels : row.content.values, i * size);
  });
  return { data, mirrored: rows.map(isMirrored), y: Int32Array.from(rows, ({ label }) => label) };
}

/** Whether a sample is mirrored in an epoch; the same draw as for a data set in memory. */
export function drawMirror(seed: number, epoch: number, number: number): boolean {
  return (uniforms({ seed, purpose: 'flip', step: epoch, sample: number }, 1)[0] ?? 0) < 0.5;
}

const floats = Float32Array.from({ length: 256 }, (_, v) => pixelToFloat(v));

/** Writes bytes as floats. */
function writeFloats(pixels: Uint8Array, x: Float32Array): void {
  for (let i = 0; i < pixels.length; i++) x[i] = floats[pixels[i] ?? 0] ?? 0;
}

/** Writes one image as floats, mirrored. */
function writeMirrored(pixels: Uint8Array, shape: readonly number[], x: Float32Array, at: number): void {
  const [height = 0, width = 0, channels = 0] = shape;
  for (let y = 0; y < height; y++) {
    for (let column = 0; column < width; column++) {
      const from = (y * width + (width - 1 - column)) * channels;
      const to = at + (y * width + column) * channels;
      for (let c = 0; c < channels; c++) x[to + c] = floats[pixels[from + c] ?? 0] ?? 0;
    }
  }
}

/** The batch as network input. */
export function unpackBatch(
  { data, mirrored, y }: PackedBatch,
  shape: readonly number[],
  epoch: number,
): Batch {
  const whole = [y.length, ...shape];
  if (data instanceof Float32Array) return { x: data, shape: whole, y, epoch };
  const size = shape.reduce((product, n) => product * n, 1);
  const x = new Float32Array(data.length);
  writeFloats(data, x);
  mirrored.forEach((mirror, i) => {
    if (mirror) writeMirrored(data.subarray(i * size, (i + 1) * size), shape, x, i * size);
  });
  return { x, shape: whole, y, epoch };
}
