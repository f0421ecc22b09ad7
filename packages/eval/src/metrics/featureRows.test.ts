import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFeatureStore, featureRows } from './featureRows';

describe('createFeatureStore', () => {
  it('gives back what came, across its pieces', () => {
    const dimension = 300_000; // 6 rows a piece
    const row = (r: number) => new Float32Array(dimension).fill(r);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.nat(), fc.nat(), (count, a, b) => {
        const store = createFeatureStore(dimension);
        for (let r = 0; r < count; r++) store.add(row(r));
        const [start, end] = [a % count, (b % count) + 1].sort((x, y) => x - y) as [number, number];
        const rows = store.rows(start, end);
        expect(rows).toHaveLength((end - start) * dimension);
        for (let r = start; r < end; r++) expect(rows[(r - start) * dimension + 7]).toBe(r);
      }),
      { numRuns: 10 },
    );
  });
  it('takes several rows at once', () => {
    const store = createFeatureStore(2);
    store.add(Float32Array.of(1, 2, 3, 4));
    store.add(Float64Array.of(5, 6));
    expect(store.count).toBe(3);
    expect([...store.rows(1, 3)]).toEqual([3, 4, 5, 6]);
  });
  it('refuses what is no row', () => {
    const store = createFeatureStore(2);
    store.add(Float32Array.of(1, 2));
    expect(() => { store.add(Float32Array.of(1)); }).toThrow('featureStore.add: features must be whole rows of 2 numbers, got 1 numbers.'); // prettier-ignore
    expect(() => { store.add(Float32Array.of(1, Infinity)); }).toThrow('featureStore.add: features must be finite, got Infinity in row 1, column 1.'); // prettier-ignore
    expect(store.count).toBe(1);
  });
});

describe('featureRows', () => {
  it('is a view', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(featureRows(data, 3).count).toBe(2);
    expect(featureRows(data, 3).rows(1, 2).buffer).toBe(data.buffer);
  });
  it('refuses NaN', () => {
    expect(() => featureRows(Float32Array.of(1, NaN), 1)).toThrow('featureRows: features must be finite, got NaN in row 1, column 0. Look for NaN in the images or the network.'); // prettier-ignore
  });
});
