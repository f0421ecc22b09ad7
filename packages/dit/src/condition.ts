import { embeddingLookup } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { timeEmbedding } from './timeEmbedding';
import { weightOf } from './weights';
import type { Weights } from './weights';

/** What conditions a network: times and labels of the batch. */
export interface Condition {
  r: tf.Tensor1D;
  t: tf.Tensor1D;
  y: tf.Tensor1D | null;
}

/** c = emb(t) + emb(h) + emb(y) with h = t - r, [B, D]; without labels the last term is absent. */
export function embedCondition({ r, t, y }: Condition, weights: Weights): tf.Tensor {
  const time = timeEmbedding(t, weights, 'tEmbedder');
  const interval = timeEmbedding(tf.sub(t, r), weights, 'hEmbedder');
  const c = tf.add(time, interval);
  return y === null ? c : tf.add(c, embeddingLookup(weightOf(weights, 'yEmbedder.table'), y));
}

/** Checks that r and t are [B], and that labels are there exactly if the network takes them. */
export function checkCondition(
  name: string,
  batch: number,
  { r, t, y }: Condition,
  numClasses: number,
): void {
  const rows: Record<string, tf.Tensor> = { r, t, ...(y && { y }) };
  for (const [key, { shape }] of Object.entries(rows)) {
    if (shape.length !== 1 || shape[0] !== batch) {
      throw new RangeError(`${name}: ${key} must be [B] = [${batch}], got [${shape.join(', ')}].`);
    }
  }
  if (numClasses > 0 && y === null) {
    throw new RangeError(`${name}: y must be labels, got null. The label ${numClasses} stands for no class.`);
  }
  if (numClasses === 0 && y !== null) {
    throw new RangeError(
      `${name}: y must be null, as the network has no classes. Set numClasses to give it labels.`,
    );
  }
}
