import { normals, uniforms } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs-core';

/** Numbers on the host, one row for each sample of a batch. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: Float32Array | Int32Array;
}

/** The random numbers of one training step, drawn on the host, so that they are the same on every backend. */
export interface Draws {
  /** By name; the first axis of each is the batch. */
  readonly arrays: Readonly<Record<string, HostArray>>;
  /** Number of leading rows with r = t: they need no derivative in time. */
  readonly instantRows: number;
}

/** {@link Draws} as tensors, owned by whoever made them. */
export interface DrawTensors {
  readonly tensors: Readonly<Record<string, tf.Tensor>>;
  readonly instantRows: number;
}

/** Where in a run a step stands; together with the sample's place in the batch it determines every draw. */
export interface DrawKey {
  /** The run's seed, an integer in [0, 2^53). */
  readonly seed: number;
  /** The step, an integer in [0, 2^32). */
  readonly step: number;
}

/**
 * Some rows of a batch's draws, for gradient accumulation or several machines.
 *
 * @param rows Row numbers, ascending, so that the rows with r = t stay in front.
 */
export function takeRows(draws: Draws, rows: readonly number[]): Draws {
  const take = ({ shape, dtype, data }: HostArray): HostArray => {
    const width = data.length / (shape[0] ?? 1);
    const taken =
      dtype === 'float32' ? new Float32Array(rows.length * width) : new Int32Array(rows.length * width);
    for (const [i, row] of rows.entries())
      taken.set(data.subarray(row * width, (row + 1) * width), i * width);
    return { shape: [rows.length, ...shape.slice(1)], dtype, data: taken };
  };
  return {
    arrays: Object.fromEntries(Object.entries(draws.arrays).map(([name, array]) => [name, take(array)])),
    instantRows: rows.filter((row) => row < draws.instantRows).length,
  };
}

/** Moves draws to the active backend; the caller owns the tensors. */
export function toTensors(draws: Draws): DrawTensors {
  const tensor = ({ shape, dtype, data }: HostArray) => tf.tensor(data, [...shape], dtype);
  return {
    tensors: Object.fromEntries(Object.entries(draws.arrays).map(([name, array]) => [name, tensor(array)])),
    instantRows: draws.instantRows,
  };
}

/**
 * Standard normal noise for a batch, row i from the stream (seed, 'noise', step, i): independent of the batch size.
 *
 * @param batch Number of rows.
 * @param sampleShape Shape of one row.
 * @param purpose Name of the stream. Default 'noise', what training uses.
 */
export function drawNoise(
  batch: number,
  sampleShape: readonly number[],
  key: DrawKey,
  purpose = 'noise',
): HostArray {
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const data = new Float32Array(batch * size);
  for (let sample = 0; sample < batch; sample++)
    data.set(normals({ ...key, purpose, sample }, size), sample * size);
  return { shape: [batch, ...sampleShape], dtype: 'float32', data };
}

/**
 * Which labels are dropped: 1 for the first n rows, where n counts the uniform draws below `labelDropout`.
 *
 * The published code drops the first n rows, not those whose draw was small, so that they coincide with rows of r = t.
 */
export function drawLabelDrop(batch: number, key: DrawKey, labelDropout: number): HostArray {
  let count = 0;
  for (let sample = 0; sample < batch; sample++) {
    const [u = 1] = uniforms({ ...key, purpose: 'drop', sample }, 1);
    if (u < labelDropout) count++;
  }
  return {
    shape: [batch],
    dtype: 'float32',
    data: Float32Array.from({ length: batch }, (_, i) => (i < count ? 1 : 0)),
  };
}
