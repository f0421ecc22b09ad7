import * as tf from '@tensorflow/tfjs-core';
import { linear } from './linear';

/**
 * Rows of a table, table[ids], as a product with one-hot rows: its gradient is again a product, where that of a gather
 * would need a scatter kernel that wasm does not have.
 *
 * @param table [rows, D].
 * @param ids Row numbers, [B], int32. A number outside 0 ... rows - 1 gives a row of zeros: nothing is read back to
 *   check it.
 * @returns [B, D]; the caller owns it.
 * @throws RangeError if `ids` is not a vector of integers.
 */
export function embeddingLookup(table: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  if (ids.rank !== 1 || ids.dtype !== 'int32') {
    throw new RangeError(
      `embeddingLookup: ids must be an int32 vector, got ${ids.dtype} of shape [${ids.shape.join(', ')}].`,
    );
  }
  return tf.tidy(() => {
    const oneHot = tf.cast(tf.oneHot(ids as tf.Tensor1D, table.shape[0]), 'float32');
    return linear(oneHot, table) as tf.Tensor2D;
  });
}
