import * as tf from '@tensorflow/tfjs-core';

/** Throws a RangeError unless all tensors have the shape of the first. */
export function assertSameShape(where: string, tensors: Readonly<Record<string, tf.Tensor>>): void {
  const [first, ...rest] = Object.entries(tensors);
  if (first === undefined) return;
  for (const [name, tensor] of rest) {
    if (tf.util.arraysEqual(tensor.shape, first[1].shape)) continue;
    throw new RangeError(
      `${where}: ${name} must have the shape of ${first[0]}, [${first[1].shape.join(', ')}], got ` +
        `[${tensor.shape.join(', ')}].`,
    );
  }
}

/** Throws a RangeError unless every vector has one entry for each of the batch's rows. */
export function assertRows(
  where: string,
  batch: number,
  vectors: Readonly<Record<string, tf.Tensor | null>>,
): void {
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector === null || (vector.rank === 1 && vector.shape[0] === batch)) continue;
    throw new RangeError(
      `${where}: ${name} must have shape [${String(batch)}], one entry for each row, got [${vector.shape.join(', ')}].`,
    );
  }
}

/** Throws a RangeError unless `value` is a number in [low, high]. */
export function assertInRange(
  where: string,
  name: string,
  value: number,
  low: number,
  high: number,
  hint = '',
): void {
  if (value >= low && value <= high) return; // false for NaN
  const range = high === Infinity ? `at least ${String(low)}` : `in [${String(low)}, ${String(high)}]`;
  throw new RangeError(
    `${where}: ${name} must be ${range}, got ${String(value)}.${hint === '' ? '' : ` ${hint}`}`,
  );
}

/** Throws a RangeError unless `value` is an integer of at least `low`. */
export function assertCount(where: string, name: string, value: number, low = 1): void {
  if (Number.isSafeInteger(value) && value >= low) return;
  throw new RangeError(
    `${where}: ${name} must be an integer of at least ${String(low)}, got ${String(value)}.`,
  );
}
