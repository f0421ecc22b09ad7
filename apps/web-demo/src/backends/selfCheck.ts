import { tinyStep } from './tinyStep';
import type { TinyStep } from './tinyStep';

/** {@link tinyStep} on tfjs's cpu backend: a visitor need not download that backend to check another. */
export const tinyStepOnCpu: TinyStep = {
  samples: [
    0.0991291, 1.83053, -0.520775, -0.59689, -1.31268, -2.12912, -1.26682, 1.4501, 1.00225, -0.75762,
    -0.791132, 0.409488, -1.02899, 1.11001, 0.179283, -0.404418,
  ],
  logs: [171.332, 191.497, 0.396688],
  gradients: [
    0.202986, 0.231025, 0.689191, 0.0609354, 0.828637, 0.195824, 1.31786, 0.116566, 1.01724, 0.195824,
    0.15172, 0.687131, 0.278556, 0.419414, 0.0689078, 0.536331, 0.0776563, 0.338867, 0.0542693, 0.419632,
    0.0616914, 0.484599, 0.19573, 1.09253, 0.180918,
  ],
};

/** Largest difference that rounding explains, relative to the largest number of its kind. */
const TOLERANCE = 2e-3;

/** Largest difference of two lists, relative to the largest number; Infinity where one is not a number. */
function difference(found: readonly number[], expected: readonly number[]): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return expected.reduce((worst, value, i) => {
    const off = Math.abs((found[i] ?? NaN) - value) / largest;
    return Number.isNaN(off) ? Infinity : Math.max(worst, off);
  }, 0);
}

/** What differs, as the second half of a sentence; null if nothing does. */
export function compareTinySteps(found: TinyStep, expected: TinyStep = tinyStepOnCpu): string | null {
  const names = { samples: 'images', logs: 'losses', gradients: 'gradients' } as const;
  for (const part of ['samples', 'logs', 'gradients'] as const) {
    const off = difference(found[part], expected[part]);
    if (off > TOLERANCE) {
      const problem =
        off === Infinity
          ? 'are not numbers'
          : `differ by ${(100 * off).toPrecision(2)} % from the processor's`;
      return `its ${names[part]} ${problem}`;
    }
  }
  return null;
}

/**
 * Lets the active backend compute a step of a tiny network, and compares it with the cpu backend's.
 *
 * @returns What is wrong, as the second half of a sentence; null if nothing is.
 */
export async function selfCheck(): Promise<string | null> {
  return compareTinySteps(await tinyStep());
}
