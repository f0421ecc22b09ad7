import { takeRows, toTensors } from '@meanflow/core';
import type { Draws } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs-core';
import type { BatchTensors } from './lossGradients';

/** One batch on the host, as `@meanflow/data` gives it. */
export interface TrainBatch {
  /** Samples, row-major. */
  readonly x: Float32Array;
  /** Shape of `x`, [B, ...]. */
  readonly shape: readonly number[];
  /** Labels, [B]; null without classes. */
  readonly y: Int32Array | null;
}

/** Some rows of a batch's samples, [rows.length, ...], on the backend. */
function takeSamples({ x, shape }: TrainBatch, rows: readonly number[]): tf.Tensor {
  const width = x.length / (shape[0] ?? 1);
  const taken = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) taken.set(x.subarray(row * width, (row + 1) * width), i * width);
  return tf.tensor(taken, [rows.length, ...shape.slice(1)]);
}

/**
 * Part k of `parts`: rows k, k + parts, k + 2 parts, ... The rows with r = t lead the batch, so that every part has its
 * share of them, and they lead the part too. The caller owns the tensors.
 */
export function partTensors(batch: TrainBatch, draws: Draws, k: number, parts: number): BatchTensors {
  const { y, shape } = batch;
  const rows = Array.from({ length: (shape[0] ?? 0) / parts }, (_, i) => k + i * parts);
  const labels =
    y === null
      ? null
      : tf.tensor1d(
          Int32Array.from(rows, (row) => y[row] ?? 0),
          'int32',
        );
  return { x: takeSamples(batch, rows), y: labels, draws: toTensors(takeRows(draws, rows)) };
}
