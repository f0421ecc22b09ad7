import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inkPoints, standardize } from './inkPoints';

const pair = (points: Float32Array, i: number) => [points[2 * i] ?? NaN, points[2 * i + 1] ?? NaN] as const;

describe('points of ink', () => {
  it('lie in the pixel that is drawn, the first row on top', () => {
    const alpha = new Uint8ClampedArray(16);
    alpha[1] = 255; // first row, second column
    const points = inkPoints({ width: 4, height: 4, alpha }, { count: 50, place: 'as drawn', extent: 2 });
    for (let i = 0; i < 50; i++) {
      const [x, y] = pair(points, i);
      expect(x).toBeGreaterThanOrEqual(-1);
      expect(x).toBeLessThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(1);
      expect(y).toBeLessThanOrEqual(2);
    }
  });

  it('are as many in each pixel as it is dark', () => {
    const alpha = Uint8ClampedArray.from([200, 0, 0, 100]);
    const points = inkPoints({ width: 2, height: 2, alpha }, { count: 300, place: 'as drawn' });
    const left = Array.from({ length: 300 }, (_, i) => pair(points, i)[0]).filter((x) => x < 0);
    expect(left).toHaveLength(200);
  });

  it('never lie where there is none', () => {
    const pictures = fc.array(fc.constantFrom(0, 0, 255), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(pictures, fc.nat(1000), (pixels, seed) => {
        fc.pre(pixels.some((value) => value > 0));
        const alpha = Uint8ClampedArray.from(pixels);
        const points = inkPoints(
          { width: 6, height: 4, alpha },
          { count: 40, seed, place: 'as drawn', extent: 3 },
        );
        for (let i = 0; i < 40; i++) {
          const [x, y] = pair(points, i);
          const [column, row] = [Math.min(Math.floor(x + 3), 5), Math.min(Math.floor(2 - y), 3)];
          expect(alpha[6 * row + column]).toBe(255);
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('have zero mean and a covariance of trace 2 when standardized', () => {
    const alpha = Uint8ClampedArray.from({ length: 200 }, (_, i) => (i % 20 < 15 ? 255 : 0));
    const points = inkPoints({ width: 20, height: 10, alpha }, { count: 1000, place: 'standardized' });
    const mean = points.reduce((sum, value) => sum + value, 0) / 1000;
    const trace = points.reduce((sum, value) => sum + value * value, 0) / 1000;
    expect(mean).toBeCloseTo(0, 5);
    expect(trace).toBeCloseTo(2, 4);
  });

  it('of one place are moved, not scaled', () => {
    expect([...standardize(Float32Array.from([3, 3, 3, 3]))]).toEqual([0, 0, 0, 0]);
  });

  it('cannot be drawn from nothing', () => {
    const nothing = { width: 2, height: 2, alpha: new Uint8ClampedArray(4) };
    expect(() => inkPoints(nothing, { place: 'as drawn' })).toThrow('must be drawn, got an empty picture');
    expect(() => inkPoints({ ...nothing, width: 3 }, { place: 'as drawn' })).toThrow(
      'must have 6 values, got 4',
    );
  });
});
