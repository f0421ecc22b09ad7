import { assemble } from '@meanflow/wasm';
import { PANEL, STRIP, TILE, kernelCode } from './code';

/**
 * Numbers of double precision in one piece of memory, and the inner loops over them. All places and strides are indices
 * into `numbers`.
 */
export interface Workspace {
  readonly numbers: Float64Array;
  /** Whether loops run in WebAssembly. */
  readonly simd: boolean;
  /** Takes the next `count` numbers, zero at first; returns where they begin. */
  take(count: number): number;
  /** Stores a panel as [k][width]: element (n, row) comes from `from + n across + row along`; zeros for n >= present. */
  pack(
    from: number,
    across: number,
    along: number,
    present: number,
    to: number,
    width: number,
    k: number,
  ): void;
  /** C tile += alpha (A tile) (B panel); both are packed, [k][TILE] and [k][PANEL]. */
  tile(a: number, b: number, k: number, c: number, cStride: number, alpha: number): void;
  /** The sum of a[i] b[i] over n numbers. */
  dot(a: number, b: number, n: number): number;
  /** b[i] += alpha a[i] for n numbers. */
  axpy(alpha: number, a: number, b: number, n: number): void;
  /** yRows[r] += sum over j of a[r][j] x[j], y[j] += sum over r of a[r][j] xRows[r], for STRIP rows. `columns` is even. */
  symmetricStrip(
    a: number,
    stride: number,
    columns: number,
    x: number,
    y: number,
    xRows: number,
    yRows: number,
  ): void;
}

type Loops = Omit<Workspace, 'numbers' | 'simd' | 'take'>;

const BYTES = 8;
const PAGE = 65536;
const MAX_PAGES = 65536;

let modules: WebAssembly.Module | null | undefined;

/** Our kernels, compiled once; null where WebAssembly or its vectors are missing. */
function compiled(): WebAssembly.Module | null {
  if (modules === undefined) {
    try {
      const fused = assemble(kernelCode(true), false);
      modules = new WebAssembly.Module(
        WebAssembly.validate(fused) ? fused : assemble(kernelCode(false), false),
      );
    } catch {
      modules = null; // plain JavaScript remains
    }
  }
  return modules;
}

function wasmLoops(memory: WebAssembly.Memory, module: WebAssembly.Module, slot: number): Loops {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const run = exports as unknown as Record<keyof Loops, (...values: number[]) => void>;
  const numbers = new Float64Array(memory.buffer);
  return {
    pack: (from, across, along, present, to, width, k) => {
      run.pack(BYTES * from, BYTES * across, BYTES * along, present, BYTES * to, width, k);
    },
    tile: (a, b, k, c, cStride, alpha) => {
      run.tile(BYTES * a, BYTES * b, k, BYTES * c, BYTES * cStride, alpha);
    },
    dot: (a, b, n) => {
      run.dot(BYTES * a, BYTES * b, n, BYTES * slot);
      return numbers[slot] ?? NaN;
    },
    axpy: (alpha, a, b, n) => {
      run.axpy(alpha, BYTES * a, BYTES * b, n);
    },
    symmetricStrip: (a, stride, columns, x, y, xRows, yRows) => {
      run.symmetricStrip(
        ...([
          BYTES * a,
          BYTES * stride,
          columns,
          BYTES * x,
          BYTES * y,
          BYTES * xRows,
          BYTES * yRows,
        ] as const),
      );
    },
  };
}

/* eslint-disable @typescript-eslint/no-non-null-assertion -- the inner loops trust their indices */
function plainLoops(numbers: Float64Array): Loops {
  return {
    pack: (from, across, along, present, to, width, k) => {
      for (let row = 0; row < k; row++) {
        for (let n = 0; n < width; n++)
          numbers[to + row * width + n] = n < present ? numbers[from + n * across + row * along]! : 0;
      }
    },
    tile: (a, b, k, c, cStride, alpha) => {
      for (let i = 0; i < TILE; i++) {
        for (let j = 0; j < PANEL; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += numbers[a + l * TILE + i]! * numbers[b + l * PANEL + j]!;
          numbers[c + i * cStride + j]! += alpha * sum;
        }
      }
    },
    dot: (a, b, n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += numbers[a + i]! * numbers[b + i]!;
      return sum;
    },
    axpy: (alpha, a, b, n) => {
      for (let i = 0; i < n; i++) numbers[b + i]! += alpha * numbers[a + i]!;
    },
    symmetricStrip: (a, stride, columns, x, y, xRows, yRows) => {
      for (let r = 0; r < STRIP; r++) {
        const [row, factor] = [a + r * stride, numbers[xRows + r]!];
        let sum = 0;
        for (let j = 0; j < columns; j++) {
          sum += numbers[row + j]! * numbers[x + j]!;
          numbers[y + j]! += numbers[row + j]! * factor;
        }
        numbers[yRows + r]! += sum;
      }
    },
  };
}
/* eslint-enable @typescript-eslint/no-non-null-assertion */

export interface WorkspaceOptions {
  /** Whether to use WebAssembly's vectors where they exist; false is for tests. Default true. */
  simd?: boolean;
}

/**
 * Memory for a given number of numbers, and the loops over it. It is freed with the last reference.
 *
 * @param caller The function that a message is to name.
 * @param size How many numbers will be taken in all.
 * @throws RangeError if there is no such memory.
 */
export function createWorkspace(
  caller: string,
  size: number,
  { simd = true }: WorkspaceOptions = {},
): Workspace {
  const slot = size; // where a dot product leaves its result
  const pages = Math.ceil(((size + 1) * BYTES) / PAGE);
  const fail = () =>
    new RangeError(
      `${caller}: working memory must be had, and ${Math.ceil((size * BYTES) / 2 ** 20)} MiB are not there. Use features of fewer dimensions.`,
    );
  const module = simd && pages <= MAX_PAGES ? compiled() : null;
  let [numbers, loops]: [Float64Array, Loops | null] = [new Float64Array(0), null];
  try {
    if (module !== null) {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      numbers = new Float64Array(memory.buffer);
      loops = wasmLoops(memory, module, slot);
    } else {
      numbers = new Float64Array(size);
      loops = plainLoops(numbers);
    }
  } catch {
    throw fail();
  }
  let taken = 0;
  return {
    numbers,
    simd: module !== null,
    ...loops,
    take: (count) => {
      const at = taken;
      taken += count;
      if (taken > size) throw new Error('internal: more numbers taken than planned.');
      return at;
    },
  };
}
