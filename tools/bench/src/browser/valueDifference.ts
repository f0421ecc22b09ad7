/** What a step gives: a loss, or samples. */
export type StepValue = number | Float32Array;

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function differenceOf(expected: StepValue, value: StepValue): number {
  if (typeof expected === 'number' || typeof value === 'number') {
    if (typeof expected !== typeof value) return NaN;
    return Math.abs((value as number) - (expected as number)) / Math.abs(expected as number);
  }
  if (expected.length !== value.length || expected.length === 0) return NaN;
  // A NaN anywhere must not get lost in a maximum.
  const difference = value.reduce((most, x, i) => {
    const d = Math.abs(x - (expected[i] ?? NaN));
    return d > most || Number.isNaN(d) ? d : most;
  }, 0);
  return difference / largest(expected);
}

/**
 * Largest relative difference between the first steps of two programs: of losses as they are, of samples as max |a - b| /
 * max |b|. The first loss tests forward pass and derivative in time, the next one gradient and optimizer.
 *
 * @returns NaN if there is nothing to compare.
 */
export function valueDifference(expected: readonly StepValue[], values: readonly StepValue[]): number {
  if (values.length === 0 || values.length !== expected.length) return NaN;
  const differences = values.map((value, i) => differenceOf(expected[i] ?? NaN, value));
  return differences.some(Number.isNaN) ? NaN : Math.max(...differences);
}
