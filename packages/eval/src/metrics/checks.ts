/** A positive integer, or a RangeError that names it. */
export function checkPositive(caller: string, name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${caller}: ${name} must be a positive integer, got ${value}.`);
}

/**
 * Checks rows of features, [n, dimension] row-major.
 *
 * @param first Number of the first row, for the message.
 * @returns n.
 * @throws RangeError if they are not whole rows of finite numbers.
 */
export function checkRows(
  caller: string,
  rows: Float32Array | Float64Array,
  dimension: number,
  first = 0,
): number {
  if (rows.length % dimension !== 0) {
    throw new RangeError(
      `${caller}: features must be whole rows of ${dimension} numbers, got ${rows.length} numbers. Is the dimension that of the network?`,
    );
  }
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i] ?? NaN;
    if (!Number.isFinite(value)) {
      throw new RangeError(
        `${caller}: features must be finite, got ${value} in row ${first + Math.floor(i / dimension)}, column ${i % dimension}. Look for NaN in the images or the network.`,
      );
    }
  }
  return rows.length / dimension;
}
