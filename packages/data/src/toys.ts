import { normals, uniforms } from '@meanflow/random';
import type { PointDataset } from './dataset';

/** Names of the two-dimensional toy distributions. */
export const toyNames = ['moons', 'spiral', 'checkerboard', 'eight-gaussians', 'rings', 'pinwheel'] as const;

/** A two-dimensional toy distribution. */
export type ToyName = (typeof toyNames)[number];

/** Options of {@link toyPoints}. */
export interface ToyOptions {
  /** Number of points, at least 1. Default 10000. */
  count?: number;
  /** Seed of the draw, an integer in [0, 2^53). Default 0. */
  seed?: number;
}

/** Numbers that one point is made of: its class, two uniform and two normal numbers. */
interface Draw {
  label: number;
  u: number;
  v: number;
  n: number;
  m: number;
}

interface Toy {
  /** 0: no natural classes. */
  numClasses: number;
  /** One over the standard deviation (root of half the trace of the covariance) of what `place` returns. */
  scale: number;
  place: (draw: Draw) => [x: number, y: number];
}

function polar(radius: number, angle: number): [number, number] {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Two half circles, one upside down inside the other; its centre (0.5, 0.25) is moved to the origin. */
function moon({ label, u, n, m }: Draw): [number, number] {
  const [c, s] = polar(1, Math.PI * u);
  const [x, y] = label === 0 ? [c, s] : [1 - c, 0.5 - s];
  return [x - 0.5 + 0.05 * n, y - 0.25 + 0.05 * m];
}

/** Two arms of one and a half turns, uniform in area: radius sqrt(u). */
function spiral({ label, u, n, m }: Draw): [number, number] {
  const radius = Math.sqrt(u);
  const [x, y] = polar(radius, Math.PI * (3 * radius + label));
  return [x + 0.02 * n, y + 0.02 * m];
}

/** The eight dark squares of a 4 x 4 board over [-1, 1]^2. */
function checkerboard({ u, v }: Draw): [number, number] {
  const column = Math.floor(4 * u);
  const half = Math.floor(2 * v);
  const row = 2 * half + (column % 2) + (2 * v - half);
  return [2 * u - 1, row / 2 - 1];
}

/** Eight round Gaussians of standard deviation 0.1 on the unit circle. */
function eightGaussians({ label, n, m }: Draw): [number, number] {
  const [x, y] = polar(1, (Math.PI / 4) * label);
  return [x + 0.1 * n, y + 0.1 * m];
}

/** Three circles of radius 1, 2, 3. */
function rings({ label, u, n, m }: Draw): [number, number] {
  const [x, y] = polar(label + 1, 2 * Math.PI * u);
  return [x + 0.08 * n, y + 0.08 * m];
}

/** Five Gaussian blades, long along the radius, turned further the further out they reach. */
function pinwheel({ label, n, m }: Draw): [number, number] {
  const [x, y] = [1 + 0.3 * n, 0.1 * m];
  const [c, s] = polar(1, ((2 * Math.PI) / 5) * label + 0.25 * Math.exp(x));
  return [c * x - s * y, s * x + c * y];
}

const toys: Readonly<Record<ToyName, Toy>> = {
  // trace: var x = 1/2 + 1/4; var y = 1/2 - 1/pi + 1/16; noise 0.05 in both
  moons: { numClasses: 2, scale: 1 / Math.sqrt((1.3125 - 1 / Math.PI) / 2 + 0.05 ** 2), place: moon },
  // E radius^2 = E u = 1/2
  spiral: { numClasses: 2, scale: 1 / Math.sqrt(1 / 4 + 0.02 ** 2), place: spiral },
  // each coordinate alone is uniform in [-1, 1]: variance 1/3
  checkerboard: { numClasses: 0, scale: Math.sqrt(3), place: checkerboard },
  'eight-gaussians': { numClasses: 8, scale: 1 / Math.sqrt(1 / 2 + 0.1 ** 2), place: eightGaussians },
  // E radius^2 = (1 + 4 + 9) / 3
  rings: { numClasses: 3, scale: 1 / Math.sqrt(14 / 6 + 0.08 ** 2), place: rings },
  // E radius^2 = 1 + 0.3^2 + 0.1^2
  pinwheel: { numClasses: 5, scale: 1 / Math.sqrt(1.1 / 2), place: pinwheel },
};

function checkArguments(name: string, count: number): void {
  if (!Object.hasOwn(toys, name)) {
    throw new RangeError(`toyPoints: name must be one of ${toyNames.join(', ')}, got ${name}.`);
  }
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`toyPoints: count must be an integer of at least 1, got ${count}.`);
  }
}

/**
 * Draws points of a two-dimensional toy distribution with zero mean and a covariance of trace 2 (unit variance).
 *
 * Point i depends on (name, seed, i) only: a longer draw begins with the shorter one. Class i mod `numClasses`, so the
 * classes are equally many; `checkerboard` has none (`numClasses` 0).
 *
 * @throws RangeError if `name` is unknown, or `count` or `seed` is not an integer in its range.
 * @see Moons as in scikit-learn's `make_moons`; pinwheel after Johnson et al., arXiv:1603.06277.
 */
export function toyPoints(name: ToyName, options: ToyOptions = {}): PointDataset {
  const { count = 10_000, seed = 0 } = options;
  checkArguments(name, count);
  const { numClasses, scale, place } = toys[name];
  const uniform = uniforms({ seed, purpose: `toy-${name}-uniform` }, 2 * count);
  const normal = normals({ seed, purpose: `toy-${name}-normal` }, 2 * count);
  const labels = Int32Array.from({ length: count }, (_, i) => i % Math.max(numClasses, 1));
  const points = new Float32Array(2 * count);
  labels.forEach((label, i) => {
    const [u = 0, v = 0] = uniform.subarray(2 * i, 2 * i + 2);
    const [n = 0, m = 0] = normal.subarray(2 * i, 2 * i + 2);
    const [x, y] = place({ label, u, v, n, m });
    points.set([scale * x, scale * y], 2 * i);
  });
  return { name, points, labels, dimension: 2, count, numClasses };
}
