import { expect, it } from 'vitest';
import { boundOf, distinctProducts } from './bound';
import type { ProductTime } from './bound';
import { networks } from './networks';
import { flopsOf, shapeKey, stepProducts, totalFlops } from './products';

const { small } = networks;

/** Times of programs that multiply at 100 and 200 GFLOP/s, whatever the shape. */
const times = distinctProducts(small, ['meanflow'], 24).map((product): ProductTime => {
  const ms = { slow: flopsOf(product) / 1e8, fast: flopsOf(product) / 2e8 };
  return { ...product, shape: shapeKey(product), ms, best: 'fast', gflops: 200 };
});

it('is the time of all products at the best rate, and at that of each program', () => {
  const bound = boundOf(small, 'meanflow', 24, times);
  const gflop = totalFlops(stepProducts(small, 'meanflow', 24)) / 1e9;
  expect(bound.gflop).toBe(gflop);
  expect(bound.gflops).toBeCloseTo(200);
  expect(bound.ms).toBeCloseTo(1000 * (gflop / 200));
  expect(bound.msOf['slow']).toBeCloseTo(2 * bound.ms);
});
it('is unknown where a product was not timed', () => {
  expect(boundOf(small, 'meanflow-guided', 24, times).ms).toBeNaN();
});
it('times each shape once', () => {
  const keys = distinctProducts(small, ['sampling', 'flow-matching', 'meanflow'], 24).map(shapeKey);
  expect(new Set(keys).size).toBe(keys.length);
});
