import { hashed } from '../testing/hash';
import type { Statistics } from './statistics';

/**
 * Statistics of given variances along axes that a reflection has turned: all such covariances commute, so the distance of
 * two is the sum of (sqrt a - sqrt b)^2 over their variances.
 */
export function turned(variances: Float64Array): Statistics {
  const n = variances.length;
  const u = hashed('turned');
  const v = Float64Array.from({ length: n }, (_, i) => u(i) - 0.5);
  const square = v.reduce((sum, value) => sum + value * value, 0);
  // (I - c v v') D (I - c v v') = D - c (v w' + w v') + c^2 (v'w) v v' for w = D v.
  const c = 2 / square;
  const w = v.map((value, i) => value * (variances[i] ?? 0));
  const along = v.reduce((sum, value, i) => sum + value * (w[i] ?? 0), 0);
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const [vi, wi] = [v[i] ?? 0, w[i] ?? 0];
    for (let j = 0; j < n; j++) {
      const [vj, wj] = [v[j] ?? 0, w[j] ?? 0];
      covariance[i * n + j] =
        (i === j ? (variances[i] ?? 0) : 0) - c * (vi * wj + wi * vj) + c * c * along * vi * vj;
    }
  }
  return { mean: new Float64Array(n), covariance, count: null };
}

/** Variances that fall like those of features, over so many orders of magnitude; the last ones are 0. */
export function falling(n: number, orders: number, zeros: number, seed: string): Float64Array {
  const u = hashed(seed);
  return Float64Array.from({ length: n }, (_, i) =>
    i >= n - zeros ? 0 : (0.5 + u(i)) * 10 ** ((-orders * i) / n),
  );
}

/** The distance of two {@link turned} ones. */
export function distanceOf(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + (Math.sqrt(value) - Math.sqrt(b[i] ?? 0)) ** 2, 0);
}
