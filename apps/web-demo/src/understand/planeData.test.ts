import { describe, expect, it } from 'vitest';
import { pointsOf, shapeNames, someOf } from './planeData';

describe('points of a shape', () => {
  it.each(shapeNames)('%s: fit into the plane that is shown, at unit variance', (name) => {
    const points = pointsOf({ kind: 'shape', name }, 1);
    expect(points).toHaveLength(2 * 8192);
    expect(points.every((value) => Math.abs(value) < 3)).toBe(true);
    expect(points.reduce((sum, value) => sum + value * value, 0) / points.length).toBeCloseTo(1, 1);
  });

  it('cannot be had of too few or broken numbers', () => {
    const of = (points: Float32Array) => () => pointsOf({ kind: 'points', points }, 1);
    expect(of(new Float32Array(129))).toThrow('at least 64 pairs, got 129 numbers');
    expect(of(new Float32Array(200).fill(NaN))).toThrow('points must be finite');
  });
});

describe('some of the points', () => {
  it('are from all of them, both moons included, and the same each time', () => {
    const points = Float32Array.from({ length: 4000 }, (_, i) => Math.floor(i / 2));
    const some = someOf(points, 100);
    expect(some).toHaveLength(200);
    expect(someOf(points, 100)).toEqual(some);
    const odd = Array.from({ length: 100 }, (_, i) => some[2 * i]!).filter((index) => index % 2 === 1);
    expect(odd.length).toBeGreaterThan(30);
    expect(odd.length).toBeLessThan(70);
    expect(someOf(points, 5000)).toBe(points);
  });
});
