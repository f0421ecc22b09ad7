import * as tf from '@tensorflow/tfjs';
import type { Product } from '../products';

/** Multiplies random matrices by `tf.matMul` on the active backend; its operations return once they are done. */
export function tfjsProduct({ groups, m, k, n, transposeA, transposeB }: Product): () => Promise<void> {
  const operand = (rows: number, columns: number) =>
    tf.randomNormal(groups > 1 ? [groups, rows, columns] : [rows, columns]);
  const a = transposeA ? operand(k, m) : operand(m, k);
  const b = transposeB ? operand(n, k) : operand(k, n);
  return () => {
    tf.matMul(a, b, transposeA, transposeB).dispose();
    return Promise.resolve();
  };
}
