import type { Measured } from './measure';

/** Largest difference of a loss, relative: a wrong formula moves it by more, float32 by far less. */
export const TOLERANCE = 1e-3;

/**
 * Largest relative difference between the values of a program and those of the reference: its first loss, which tests
 * forward pass and derivative in time, and the one after an update, which tests gradient and optimizer.
 *
 * @returns NaN if one of them has no value.
 */
export function differenceFrom(
  reference: Pick<Measured, 'values'>,
  { values }: Pick<Measured, 'values'>,
): number {
  if (values.length === 0) return NaN;
  return Math.max(
    ...values.map((value, i) => {
      const expected = reference.values[i] ?? NaN;
      return Math.abs(value - expected) / Math.abs(expected);
    }),
  );
}
