/** Mean distance between two different points of one set, or between a point of each of two sets. */
function meanDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) {
      const dx = (a[i] ?? NaN) - (b[j] ?? NaN);
      const dy = (a[i + 1] ?? NaN) - (b[j + 1] ?? NaN);
      sum += Math.sqrt(dx * dx + dy * dy); // Math.hypot is ten times as slow
    }
  }
  const [n, m] = [a.length / 2, b.length / 2];
  return sum / (n * (a === b ? n - 1 : m));
}

/** Measures how far sets of points are from one set. */
export interface Distances {
  /**
   * Energy distance, 2 E|X - Y| - E|X - X'| - E|Y - Y'|, without bias: 0 on average for two draws of one distribution
   * (and a little below 0 for half of them), above it for any two that differ.
   *
   * @see Székely and Rizzo, "Energy statistics: a class of statistics based on distances", 2013.
   */
  readonly energy: (samples: Float32Array) => number;
  /** Mean distance from a sample to the nearest of the points: how far off the data samples are. */
  readonly nearest: (samples: Float32Array) => number;
}

/**
 * Distances to a set of points.
 *
 * @param points At least two, [N, 2] row by row. What depends on them alone is computed once.
 */
export function distancesTo(points: Float32Array): Distances {
  const within = meanDistance(points, points);
  return {
    energy: (samples) => 2 * meanDistance(samples, points) - meanDistance(samples, samples) - within,
    nearest(samples) {
      let sum = 0;
      for (let i = 0; i < samples.length; i += 2) {
        let least = Infinity;
        for (let j = 0; j < points.length; j += 2) {
          const dx = (samples[i] ?? NaN) - (points[j] ?? NaN);
          const dy = (samples[i + 1] ?? NaN) - (points[j + 1] ?? NaN);
          least = Math.min(least, dx * dx + dy * dy);
        }
        sum += Math.sqrt(least);
      }
      return sum / (samples.length / 2);
    },
  };
}
