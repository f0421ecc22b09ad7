import { PANEL, TILE } from './code';
import type { Workspace } from './workspace';

/** A matrix within a workspace: element (i, j) is at `at + i stride + j`, or with i and j exchanged if transposed. */
export interface Matrix {
  readonly at: number;
  readonly stride: number;
  readonly transposed?: boolean;
}

/** Depth of a packed block: a panel of B stays in the first cache. */
const DEPTH = 256;
/** Rows of A that are packed at a time: they stay in the second cache. */
const ROWS = 96;
/** Columns of B that are packed at a time. */
const COLUMNS = 2048;

const roundUp = (n: number, step: number) => Math.ceil(n / step) * step;

/** Numbers that {@link addProduct} needs besides its operands, for products up to [m, k] times [k, n]. */
export function productScratch(m: number, n: number, k: number): number {
  const depth = Math.min(k, DEPTH);
  const [rows, columns] = [Math.min(m, ROWS), Math.min(n, COLUMNS)];
  return TILE * PANEL + depth * (roundUp(rows, TILE) + roundUp(columns, PANEL));
}

/**
 * C += alpha A B for A [m, k] and B [k, n].
 *
 * @param lower Whether only the lower triangle of C is wanted; what is above it becomes meaningless.
 * @param scratch Place of {@link productScratch} numbers.
 */
export function addProduct(
  workspace: Workspace,
  alpha: number,
  [a, b, c]: readonly [Matrix, Matrix, Matrix],
  [m, n, k]: readonly [number, number, number],
  scratch: number,
  lower = false,
): void {
  const { numbers } = workspace;
  const packedB = scratch + TILE * PANEL;
  const packedA = packedB + Math.min(k, DEPTH) * roundUp(Math.min(n, COLUMNS), PANEL);
  const [aRow, aColumn] = a.transposed === true ? [1, a.stride] : [a.stride, 1];
  const [bRow, bColumn] = b.transposed === true ? [1, b.stride] : [b.stride, 1];

  const edgeTile = (pa: number, pb: number, depth: number, at: number, rows: number, columns: number) => {
    numbers.fill(0, scratch, scratch + TILE * PANEL);
    workspace.tile(pa, pb, depth, scratch, PANEL, alpha);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++)
        numbers[at + i * c.stride + j] = (numbers[at + i * c.stride + j] ?? 0) + (numbers[scratch + i * PANEL + j] ?? 0); // prettier-ignore
    }
  };

  for (let j0 = 0; j0 < n; j0 += COLUMNS) {
    const columns = Math.min(COLUMNS, n - j0);
    for (let k0 = 0; k0 < k; k0 += DEPTH) {
      const depth = Math.min(DEPTH, k - k0);
      for (let j = 0; j < columns; j += PANEL) {
        const from = b.at + k0 * bRow + (j0 + j) * bColumn;
        workspace.pack(from, bColumn, bRow, Math.min(PANEL, columns - j), packedB + j * depth, PANEL, depth);
      }
      for (let i0 = lower ? Math.floor(j0 / ROWS) * ROWS : 0; i0 < m; i0 += ROWS) {
        const rows = Math.min(ROWS, m - i0);
        for (let i = 0; i < rows; i += TILE) {
          const from = a.at + (i0 + i) * aRow + k0 * aColumn;
          workspace.pack(from, aRow, aColumn, Math.min(TILE, rows - i), packedA + i * depth, TILE, depth);
        }
        for (let j = 0; j < columns; j += PANEL) {
          for (let i = 0; i < rows; i += TILE) {
            if (lower && i0 + i + TILE <= j0 + j) continue;
            const at = c.at + (i0 + i) * c.stride + j0 + j;
            const [pa, pb] = [packedA + i * depth, packedB + j * depth];
            if (rows - i >= TILE && columns - j >= PANEL) workspace.tile(pa, pb, depth, at, c.stride, alpha);
            else edgeTile(pa, pb, depth, at, Math.min(TILE, rows - i), Math.min(PANEL, columns - j));
          }
        }
      }
    }
  }
}
