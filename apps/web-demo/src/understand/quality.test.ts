import { normals } from '@meanflow/random';
import { describe, expect, it } from 'vitest';
import { distancesTo } from './quality';

const f32 = (...numbers: number[]) => Float32Array.from(numbers);
const cloud = (purpose: string, shift = 0) =>
  normals({ seed: 1, purpose }, 1600).map((n, i) => (i % 2 === 0 ? n + shift : n));

describe('distances to points', () => {
  it('are known for two points against two: 2 * 1 - 0 - 2', () => {
    const { energy, nearest } = distancesTo(f32(0, 1, 0, -1));
    expect(energy(f32(0, 0, 0, 0))).toBeCloseTo(0, 6);
    expect(nearest(f32(0, 0, 0, 3))).toBeCloseTo(1.5, 6);
  });

  it('are about zero for two draws of one distribution, and grow with a shift', () => {
    const { energy } = distancesTo(cloud('a'));
    expect(Math.abs(energy(cloud('b')))).toBeLessThan(0.01);
    expect(energy(cloud('b', 0.5))).toBeGreaterThan(0.05);
    expect(energy(cloud('b', 1))).toBeGreaterThan(0.3);
  });

  it('tell a collapse to the mean, which is near to points of the data', () => {
    const { energy, nearest } = distancesTo(cloud('a'));
    const collapsed = new Float32Array(400);
    expect(nearest(collapsed)).toBeLessThan(0.1);
    expect(energy(collapsed)).toBeGreaterThan(0.5);
  });
});
