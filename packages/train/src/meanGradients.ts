import { takeRows, toTensors } from '@meanflow/core';
import type { Draws, Objective } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs-core';
import { lossGradients } from './lossGradients';
import type { BatchTensors, LossGradients } from './lossGradients';
import type { Variables } from './trainState';
import type { Weights } from './weights';

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
 * share of them, and they lead the part too.
 */
function partTensors(batch: TrainBatch, draws: Draws, k: number, parts: number): BatchTensors {
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

type Records = Pick<LossGradients, 'logs' | 'gradients'> & { loss: tf.Tensor };

/** sum + factor part, for all tensors. */
function addScaled(sum: Records | null, part: Records, factor: number): Records {
  const add = (a: tf.Tensor | undefined, b: tf.Tensor) => {
    const scaled = tf.mul(b, factor);
    return a === undefined ? scaled : tf.add(a, scaled);
  };
  const addAll = (a: Weights | undefined, b: Weights) =>
    Object.fromEntries(Object.entries(b).map(([name, value]) => [name, add(a?.[name], value)]));
  return tf.tidy(() => ({
    loss: add(sum?.loss, part.loss),
    logs: addAll(sum?.logs, part.logs) as Record<string, tf.Scalar>,
    gradients: addAll(sum?.gradients, part.gradients),
  }));
}

/**
 * Loss, logs and gradient of a batch on the host, computed in equal parts one after the other: the means over the
 * parts, which are those of the whole batch up to rounding, in the memory of one part.
 *
 * @param parts Number of parts; divides the batch.
 * @returns Tensors that the caller owns.
 */
export function meanGradients<N>(
  objective: Pick<Objective<N>, 'loss'>,
  network: (weights: Weights) => N,
  weights: Variables,
  batch: TrainBatch,
  draws: Draws,
  parts: number,
): LossGradients {
  const partGradients = (k: number) =>
    tf.tidy(() => ({ ...lossGradients(objective, network, weights, partTensors(batch, draws, k, parts)) }));
  if (parts === 1) return partGradients(0);
  return tf.tidy(() => {
    let sum: Records | null = null;
    for (let k = 0; k < parts; k++) {
      const part = partGradients(k);
      const next = addScaled(sum, part, 1 / parts);
      tf.dispose([{ ...sum }, part]); // now, not at the end of the scope
      sum = next;
    }
    return { ...sum };
  }) as LossGradients;
}
