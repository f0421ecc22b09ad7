import { describe, expect, it } from 'vitest';
import { approach, nearestParticle, positionsAt, wayOf } from './paths';
import type { Paths } from './paths';

/** Two particles: from (0, 0) by (1, 0) to (1, 1), and from (2, 2) by (2, 2) to (0, 2). */
const paths: Paths = { particles: 2, values: Float32Array.from([0, 0, 2, 2, 1, 0, 2, 2, 1, 1, 0, 2]) };

describe('ways through the plane', () => {
  it('are begun, gone halfway and ended', () => {
    expect([...positionsAt(paths, 0)]).toEqual([0, 0, 2, 2]);
    expect([...positionsAt(paths, 0.25)]).toEqual([0.5, 0, 2, 2]);
    expect([...positionsAt(paths, 0.75)]).toEqual([1, 0.5, 1, 2]);
    expect([...positionsAt(paths, 1)]).toEqual([1, 1, 0, 2]);
    expect([...positionsAt(paths, 7)]).toEqual([1, 1, 0, 2]);
  });

  it('have the corners that lie behind', () => {
    expect(wayOf(paths, 0, 0)).toEqual([0, 0]);
    expect(wayOf(paths, 0, 0.75)).toEqual([0, 0, 1, 0, 1, 0.5]);
    expect(wayOf(paths, 1, 1)).toEqual([2, 2, 2, 2, 0, 2]);
  });

  it('are found at their ends', () => {
    expect(nearestParticle(paths, 0.9, 1, 0.3)).toBe(0);
    expect(nearestParticle(paths, 2, 2.1, 0.3)).toBe(1);
    expect(nearestParticle(paths, -3, -3, 0.3)).toBeNull();
  });

  it('approach others, unless their number changed', () => {
    const drawn = Float32Array.from([0, 10]);
    expect([...approach(drawn, Float32Array.from([1, 20]), 0.5)]).toEqual([0.5, 15]);
    expect([...approach(drawn, Float32Array.from([1]), 0.5)]).toEqual([1]);
    expect([...approach(null, Float32Array.from([3]), 0.5)]).toEqual([3]);
  });
});
