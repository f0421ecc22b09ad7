/** Mean and covariance of features: what the Fréchet distance compares. */
export interface Statistics {
  /** Mean, [D]. */
  readonly mean: Float64Array;
  /** Covariance with divisor n - 1, [D, D]. */
  readonly covariance: Float64Array;
  /** Rows that they are of; null where that is unknown, as in files of others. */
  readonly count: number | null;
}

/** {@link Statistics} of a known number of rows. */
export interface CountedStatistics extends Statistics {
  readonly count: number;
}

/**
 * Checks shapes and values.
 *
 * @returns The dimension, D.
 * @throws RangeError if the covariance is not [D, D], a number is not finite, or the dimension is not the one expected.
 */
export function checkStatistics(
  caller: string,
  { mean, covariance }: Statistics,
  dimension = mean.length,
): number {
  const fail = (rule: string) => new RangeError(`${caller}: ${rule}`);
  if (mean.length === 0) throw fail('a mean must have at least one number, got none.');
  if (mean.length !== dimension) {
    throw fail(
      `statistics must be of ${dimension} features, got ${mean.length}. They must come from the same network.`,
    );
  }
  if (covariance.length !== dimension ** 2) {
    throw fail(
      `a covariance must have ${dimension} x ${dimension} numbers as the mean has ${dimension}, got ${covariance.length}.`,
    );
  }
  if (!mean.every(Number.isFinite) || !covariance.every(Number.isFinite))
    throw fail('statistics must be finite, got NaN or infinity. Look for NaN in the images or the network.');
  return dimension;
}
