/** A mean and the interval that covers the true one with a given probability. */
export interface ConfidenceInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Half the width: the value is mean +- margin. */
  readonly margin: number;
  /** Standard deviation of one draw (divisor n - 1). */
  readonly std: number;
  readonly count: number;
  readonly level: number;
}

/** Logarithm of the gamma function for x > 0, by Stirling's series after moving x above 10. */
function logGamma(x: number): number {
  let [shifted, product] = [x, 1];
  for (; shifted < 10; shifted++) product *= shifted;
  const inverse = 1 / shifted;
  const series = inverse / 12 - inverse ** 3 / 360 + inverse ** 5 / 1260 - inverse ** 7 / 1680;
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product)
  );
}

/** The regularized incomplete beta function I_x(a, b) for x below (a + 1) / (a + b + 2), by its continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return (front * fraction) / a;
}

/** P(|T| > t) for Student's t with some degrees of freedom. */
function twoSidedTail(t: number, freedom: number): number {
  const x = freedom / (freedom + t * t);
  const [a, b] = [freedom / 2, 0.5];
  return x < (a + 1) / (a + b + 2) ? incompleteBeta(x, a, b) : 1 - incompleteBeta(1 - x, b, a);
}

/** The t that |T| stays below with probability `level`, by bisection. */
function studentQuantile(level: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (twoSidedTail(high, freedom) > 1 - level) high *= 2;
  for (let step = 0; step < 200 && high - low > 1e-15 * high; step++) {
    const middle = (low + high) / 2;
    if (twoSidedTail(middle, freedom) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Mean of repeated independent draws with its confidence interval, mean +- t s / sqrt(n), Student's t with n - 1 degrees
 * of freedom.
 *
 * It states how far another run of the same protocol may be off, e.g. FID of the same model by other seeds. It says nothing
 * of what all draws share, such as the bias of FID for few images.
 *
 * @param values One value a draw, at least 2.
 * @param level Probability, in (0, 1). Default 0.95.
 * @throws RangeError if there are fewer than 2 values, or one is not finite, or the level is not in its range.
 */
export function confidenceInterval(values: readonly number[], level = 0.95): ConfidenceInterval {
  const count = values.length;
  if (count < 2)
    throw new RangeError(
      `confidenceInterval: at least 2 values are needed, got ${count}. Repeat the draw with other seeds.`,
    );
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`confidenceInterval: values must be finite, got ${wrong}.`);
  if (!(level > 0 && level < 1))
    throw new RangeError(
      `confidenceInterval: level must be in (0, 1), got ${level}. It is a probability, not a percentage.`,
    );
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const margin = (studentQuantile(level, count - 1) * std) / Math.sqrt(count);
  return { mean, low: mean - margin, high: mean + margin, margin, std, count, level };
}
