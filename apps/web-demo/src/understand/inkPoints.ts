import { uniforms } from '@meanflow/random';

/** Something drawn: how dark each pixel is, 0 to 255, row by row from the top. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly alpha: Uint8ClampedArray;
}

/** How {@link inkPoints} places what was drawn. */
export interface InkOptions {
  /** Number of points. Default 8192. */
  readonly count?: number;
  /** Seed of the draw. Default 0. */
  readonly seed?: number;
  /**
   * `'as drawn'`: the width of the picture is that of the square of the plane, [-extent, extent]^2. `'standardized'`:
   * moved and scaled to zero mean and a covariance of trace 2, as the other distributions are.
   */
  readonly place: 'as drawn' | 'standardized';
  /** Half the side of the square that the picture covers. Default 3. */
  readonly extent?: number;
}

/** The ink up to each pixel, and all of it. */
function accumulate({ width, height, alpha }: Ink): { upTo: Float64Array; total: number } {
  if (width * height !== alpha.length)
    throw new RangeError(`inkPoints: alpha must have ${width * height} values, got ${alpha.length}.`);
  const upTo = new Float64Array(alpha.length);
  let total = 0;
  for (let i = 0; i < alpha.length; i++) {
    total += alpha[i] ?? 0;
    upTo[i] = total;
  }
  return { upTo, total };
}

/** First entry that is larger than `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Moves points to zero mean and scales them to a covariance of trace 2, in place; points at one place are only moved. */
export function standardize(points: Float32Array): Float32Array {
  const n = points.length / 2;
  const mean = [0, 0];
  for (let i = 0; i < points.length; i++) mean[i % 2] = (mean[i % 2] ?? 0) + (points[i] ?? 0) / n;
  let trace = 0;
  for (let i = 0; i < points.length; i++) {
    const moved = (points[i] ?? 0) - (mean[i % 2] ?? 0);
    points[i] = moved;
    trace += (moved * moved) / n;
  }
  const scale = trace > 1e-6 ? Math.sqrt(2 / trace) : 1;
  return points.map((value) => value * scale);
}

/**
 * Draws points where there is ink, evenly within a pixel and in proportion to how dark it is.
 *
 * @returns Points, [count, 2] row by row, y upwards.
 * @throws RangeError if there is no ink.
 */
export function inkPoints(ink: Ink, options: InkOptions): Float32Array {
  const { count = 8192, seed = 0, place, extent = 3 } = options;
  const { upTo, total } = accumulate(ink);
  if (total === 0) throw new RangeError('inkPoints: something must be drawn, got an empty picture.');
  const u = uniforms({ seed, purpose: 'ink' }, 3 * count);
  const points = new Float32Array(2 * count);
  const scale = (2 * extent) / ink.width;
  for (let i = 0; i < count; i++) {
    // One pick from each of `count` equal shares of the ink: even coverage, whatever the seed.
    const pixel = firstAbove(upTo, ((i + (u[3 * i] ?? 0)) / count) * total);
    const x = (pixel % ink.width) + (u[3 * i + 1] ?? 0);
    const y = Math.floor(pixel / ink.width) + (u[3 * i + 2] ?? 0);
    points[2 * i] = (x - ink.width / 2) * scale;
    points[2 * i + 1] = (ink.height / 2 - y) * scale;
  }
  return place === 'standardized' ? standardize(points) : points;
}
