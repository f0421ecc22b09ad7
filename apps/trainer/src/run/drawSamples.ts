import { normals } from '@meanflow/core';
import type { Network, Objective } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs-core';

/** What to draw. */
export interface SampleRequest {
  /** Class of each sample; null for a network without labels. */
  readonly labels: Int32Array | null;
  readonly count: number;
  /** Sample i starts from the noise of (seed, i), whatever else is drawn. */
  readonly seed: number;
  /** Network evaluations for each sample. */
  readonly nfe: number;
}

const ROWS_AT_ONCE = 100;

function noiseRows(sampleShape: readonly number[], first: number, rows: number, seed: number): tf.Tensor {
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const data = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    data.set(normals({ seed, purpose: 'sample', sample: first + row }, size), row * size);
  }
  return tf.tensor(data, [rows, ...sampleShape]);
}

/**
 * Draws samples, a hundred at a time.
 *
 * @param network Borrowed.
 * @param sampleShape Shape of one sample.
 * @returns [count, ...sampleShape] on the host.
 */
export async function drawSamples(
  objective: Pick<Objective, 'sample'>,
  network: Network,
  sampleShape: readonly number[],
  { labels, count, seed, nfe }: SampleRequest,
): Promise<Float32Array> {
  const size = sampleShape.reduce((product, n) => product * n, 1);
  const all = new Float32Array(count * size);
  for (let first = 0; first < count; first += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, count - first);
    const drawn = tf.tidy(() => {
      const y = labels === null ? null : tf.tensor1d(labels.subarray(first, first + rows), 'int32');
      return objective.sample(network, noiseRows(sampleShape, first, rows, seed), y, { steps: nfe });
    });
    all.set(await drawn.data<'float32'>(), first * size);
    drawn.dispose();
  }
  return all;
}
