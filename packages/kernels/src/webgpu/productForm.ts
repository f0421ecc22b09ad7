/** What a product's code is written for. */
export interface ProductForm {
  transposeA: boolean;
  transposeB: boolean;
  bias: boolean;
  /** Whether rows of a, of b and of c, as they lie, have a multiple of four numbers. */
  wideA: boolean;
  wideB: boolean;
  wideC: boolean;
  /** Whether the inner size is a multiple of 4. */
  even: boolean;
  /** Whether the matrices are those of heads, within others: see `headSizes`. Not with tiles. */
  heads: boolean;
  /** Whether the product is added to what c holds. Not with tiles, nor with a bias. */
  adds: boolean;
}

/** Sizes of a product, and those besides where each head of each sample has one: numbers from row to row, from sample
 * to sample, from head to head, and to the first. */
export const productSizes = ['m', 'k', 'n'];
export const headSizes: readonly string[] = [
  'heads',
  ...['a', 'b', 'c'].flatMap((name) => ['Row', 'Sample', 'Head', 'First'].map((part) => name + part)),
];
