import { toyPoints } from '@meanflow/data';
import { uniforms } from '@meanflow/random';
import { standardize } from './inkPoints';

/** The distributions that are there without drawing one. */
export const shapeNames = ['moons', 'spiral', 'checkerboard', 'eight-gaussians', 'rings'] as const;

/** One of them. */
export type ShapeName = (typeof shapeNames)[number];

/** What to train on: a shape by its name, or points, [N, 2] row by row. */
export type PlaneSource =
  | { readonly kind: 'shape'; readonly name: ShapeName }
  | { readonly kind: 'points'; readonly points: Float32Array };

const count = 8192;

/**
 * The points of a source, [N, 2] row by row: N = 8192 for a shape.
 *
 * @throws RangeError if the name is unknown, or there are fewer than 64 points or ones that are not finite.
 */
export function pointsOf(source: PlaneSource, seed: number): Float32Array {
  if (source.kind === 'shape')
    return source.name === 'spiral' ? oneArm(seed) : toyPoints(source.name, { count, seed }).points;
  const { points } = source;
  if (points.length < 128 || points.length % 2 !== 0)
    throw new RangeError(
      `understand: points must be at least 64 pairs, got ${points.length} numbers. Draw a little more.`,
    );
  if (!points.every(Number.isFinite))
    throw new RangeError('understand: points must be finite, got one that is not.');
  return points;
}

/** The first arm of the spiral, every second point: two lie so close that they take many minutes to tell apart. */
function oneArm(seed: number): Float32Array {
  const both = toyPoints('spiral', { count: 2 * count, seed }).points;
  const arm = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) arm.set(both.subarray(4 * i, 4 * i + 2), 2 * i);
  return standardize(arm);
}

/** Some of the points, one of each of `most` equal shares, the same at every call; all if there are no more. */
export function someOf(points: Float32Array, most: number): Float32Array {
  const n = points.length / 2;
  if (n <= most) return points;
  // Not at regular distances: the classes of a shape take turns.
  const within = uniforms({ seed: 0, purpose: 'some' }, most);
  const some = new Float32Array(2 * most);
  for (let i = 0; i < most; i++) {
    const k = Math.floor(((i + (within[i] ?? 0)) * n) / most);
    some.set(points.subarray(2 * k, 2 * k + 2), 2 * i);
  }
  return some;
}
