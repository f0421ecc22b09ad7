import { normals } from '@meanflow/random';
import { describe, expect, it } from 'vitest';
import { exactVelocity } from './exactVelocity';

const f32 = (...numbers: number[]) => Float32Array.from(numbers);

describe('the exact velocity', () => {
  it('of a single point m is (z - m) / t everywhere', () => {
    const v = exactVelocity(f32(1, -2), f32(0.3, 0.4, -1, 5), f32(0.5, 0.25));
    const expected = [-0.7 / 0.5, 2.4 / 0.5, -2 / 0.25, 7 / 0.25];
    for (const [i, value] of expected.entries()) expect(v[i]).toBeCloseTo(value, 5);
  });

  it('at t = 1 is z minus the mean of the data, so that one Euler step ends there from anywhere', () => {
    const v = exactVelocity(f32(1, 0, 3, 4), f32(0.5, -0.5), f32(1));
    expect([...v]).toEqual([-1.5, -2.5]);
  });

  it('of two points far apart is that of the nearer one, and between them points to neither', () => {
    const points = f32(-5, 0, 5, 0);
    const [near = NaN, middle = NaN] = [
      exactVelocity(points, f32(2, 0), f32(0.3))[0],
      exactVelocity(points, f32(0, 0), f32(0.3))[0],
    ];
    expect(near).toBeCloseTo((2 - 5) / 0.3, 4);
    expect(middle).toBeCloseTo(0, 6);
  });

  it('of normal data is known: v = (2t - 1) z / ((1 - t)^2 + t^2)', () => {
    const t = 0.6;
    const points = normals({ seed: 1, purpose: 'data' }, 40_000);
    const v = exactVelocity(points, f32(0.8, -0.4), f32(t));
    const factor = (2 * t - 1) / ((1 - t) ** 2 + t ** 2);
    expect(v[0]).toBeCloseTo(0.8 * factor, 1);
    expect(v[1]).toBeCloseTo(-0.4 * factor, 1);
  });

  it('stays finite far out and close to t = 0', () => {
    const v = exactVelocity(f32(0, 0, 1, 1), f32(100, -100, 0.5, 0.5), f32(0.01, 1e-3));
    expect(v.every(Number.isFinite)).toBe(true);
  });
});
