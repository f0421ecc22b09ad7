import { expect, it } from 'vitest';
import type { BenchNetwork } from './networks';
import { networks } from './networks';
import { flopsOf, shapeKey, stepProducts, totalFlops } from './products';

/** Two tokens of a 2 x 2 x 1 patch would be too even: all factors differ. */
const tiny: BenchNetwork = {
  name: 'small',
  title: 'tiny',
  batch: 4,
  config: { inputSize: 6, channels: 1, patchSize: 2, depth: 3, hiddenSize: 8, numHeads: 2, numClasses: 5 },
};
// By hand, with D = 8: 9 tokens of 4 numbers, MLP 32 wide, 2 heads of 4 numbers; products of one sample, in m k n.
const dense = {
  input: 9 * 4 * 8,
  frequencies: 2 * 256 * 8,
  perBlock: 8 * 48 + 9 * 8 * 24 + 9 * 8 * 8 + 2 * 9 * 8 * 32,
  others: 2 * 8 * 8 + 8 * 16 + 9 * 8 * 4,
};
const inner = 3 * dense.perBlock + dense.others;
const allDense = inner + dense.input + dense.frequencies;
const attention = 3 * 2 * (9 * 4 * 9); // one product in each block
const forward = allDense + 2 * attention;
const backward = allDense + inner + 4 * attention;
const tangent = allDense + 4 * attention;

it.each([
  ['sampling', 4 * forward],
  ['flow-matching', 4 * (forward + backward)],
  ['meanflow', 4 * (forward + backward) + tangent],
  ['meanflow-guided', 4 * (3 * forward + backward) + tangent],
] as const)('counts the operations of %s as by hand', (name, multiplications) => {
  expect(totalFlops(stepProducts(tiny, name, 3))).toBe(2 * multiplications);
});
it('counts equal shapes together', () => {
  const products = stepProducts(tiny, 'flow-matching', 4);
  const keys = products.map(shapeKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(products.find((product) => shapeKey(product) === '[36, 8] [8, 24]')?.count).toBe(3);
  expect(products.find((product) => shapeKey(product) === "[8, 36]' [36, 24]")?.count).toBe(3);
});
it('names shapes as they lie in memory', () => {
  const product = { groups: 8, m: 9, k: 4, n: 9, transposeA: false, transposeB: true };
  expect(shapeKey(product)).toBe("8 x [9, 4] [4, 9]'");
  expect(flopsOf(product)).toBe(2 * 8 * 9 * 4 * 9);
});
it('knows that forward mode adds a twelfth to a flow-matching step, a quarter of the rows being under it', () => {
  const { small } = networks;
  const flow = totalFlops(stepProducts(small, 'flow-matching', 24));
  const mean = totalFlops(stepProducts(small, 'meanflow', 24));
  expect(mean / flow).toBeCloseTo(13 / 12, 1);
});
