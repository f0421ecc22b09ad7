import { normals } from '@meanflow/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blendCorners, slerp } from './blend';

const noise = (sample: number, count = 784) => normals({ seed: 5, purpose: 'sample', sample }, count);
const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

describe('slerp', () => {
  it('goes along the circle', () => {
    const half = slerp(Float32Array.of(1, 0), Float32Array.of(0, 1), 0.5);
    expect(half[0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(half[1]).toBeCloseTo(Math.SQRT1_2, 6);
    const third = slerp(Float32Array.of(1, 0), Float32Array.of(0, 1), 1 / 3);
    expect(third[1]).toBeCloseTo(0.5, 6);
  });
  it('ends at both ends, and keeps the length between them', () => {
    const [a, b] = [noise(0), noise(1)];
    expect(slerp(a, b, 0)).toEqual(a);
    const end = slerp(a, b, 1);
    for (const [i, value] of b.entries()) expect(end[i]).toBeCloseTo(value, 6);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (s) => {
        const length = norm(slerp(a, b, s));
        expect(length).toBeGreaterThan(0.99 * Math.min(norm(a), norm(b)));
        expect(length).toBeLessThan(1.03 * Math.max(norm(a), norm(b)));
      }),
    );
  });
  it('takes vectors that are parallel, opposite or zero', () => {
    expect(slerp(Float32Array.of(2), Float32Array.of(4), 0.25)).toEqual(Float32Array.of(2.5));
    expect(slerp(Float32Array.of(1), Float32Array.of(-1), 0.5)).toEqual(Float32Array.of(0));
    expect(slerp(Float32Array.of(0), Float32Array.of(0), 0.5)).toEqual(Float32Array.of(0));
  });
});

describe('blendCorners', () => {
  it('has each noise at its corner', () => {
    const corners = { topLeft: noise(0), topRight: noise(1), bottomLeft: noise(2), bottomRight: noise(3) };
    const places = [
      [0, 0, corners.topLeft],
      [1, 0, corners.topRight],
      [0, 1, corners.bottomLeft],
      [1, 1, corners.bottomRight],
    ] as const;
    for (const [x, y, corner] of places) {
      const found = blendCorners(corners, x, y);
      for (const [i, value] of corner.entries()) expect(found[i]).toBeCloseTo(value, 5);
    }
    expect(norm(blendCorners(corners, 0.5, 0.5))).toBeGreaterThan(0.9 * norm(corners.topLeft));
  });
});
