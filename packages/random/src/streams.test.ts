import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normals, permutation, uniforms } from './streams';

const key = { seed: 7, purpose: 'noise', step: 3, sample: 5 };
const mean = (values: Float32Array, power: number) =>
  values.reduce((sum, v) => sum + v ** power, 0) / values.length;

describe('uniforms', () => {
  it('lies in [0, 1) with the moments of the uniform distribution', () => {
    const u = uniforms(key, 40_000);
    expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u)).toBeLessThan(1);
    expect(mean(u, 1)).toBeCloseTo(1 / 2, 2);
    expect(mean(u, 2)).toBeCloseTo(1 / 3, 2);
  });
  it('has prefixes that do not depend on the count', () => {
    expect(uniforms(key, 10)).toEqual(uniforms(key, 13).slice(0, 10));
  });
  it('changes with every field of the key', () => {
    const first = uniforms(key, 4);
    const others = [{ seed: 8 }, { seed: 7 + 2 ** 32 }, { purpose: 'time' }, { step: 4 }, { sample: 6 }];
    for (const change of others) expect(uniforms({ ...key, ...change }, 4)).not.toEqual(first);
  });
  it.each([{ seed: -1 }, { seed: 0.5 }, { step: 2 ** 32 }, { sample: NaN }])('refuses %j', (change) => {
    expect(() => uniforms({ ...key, ...change }, 4)).toThrow(
      /^random: \w+ must be an integer in \[0, 2\^\d+\), got/,
    );
  });
});

describe('normals', () => {
  it('has the first four moments of N(0, 1)', () => {
    const n = normals(key, 100_000);
    const [m1, m2, m3, m4] = [1, 2, 3, 4].map((power) => mean(n, power));
    expect(m1).toBeCloseTo(0, 1.5);
    expect(m2).toBeCloseTo(1, 1.5);
    expect(m3).toBeCloseTo(0, 1);
    expect(m4).toBeCloseTo(3, 0.8);
  });
  it('does not correlate neighbouring samples', () => {
    const a = normals({ ...key, sample: 0 }, 20_000);
    const b = normals({ ...key, sample: 1 }, 20_000);
    expect(Math.abs(a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0) / a.length)).toBeLessThan(0.03);
  });
});

describe('permutation', () => {
  it('is a permutation, whatever the seed and length', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        expect([...permutation({ seed, purpose: 'shuffle' }, n)].sort((a, b) => a - b)).toEqual([
          ...Array(n).keys(),
        ]);
      }),
    );
  });
  it('reaches all six orders of three equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation({ seed, purpose: 'shuffle' }, 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130); // 4.5 sigma
  });
});
