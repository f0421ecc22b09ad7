import { f32, f32x4, i32 } from '@meanflow/wasm';
import type { FunctionBuilder, I32, Kernel, Local, V128 } from '@meanflow/wasm';

// The matrix product C = A B. Both factors are packed first, so that the inner loop reads them in order: A in tiles of 6
// rows, B in panels of 8 columns, each as [k][rows or columns]. A tile and a panel give 6 x 8 numbers of C in registers.

export const TILE = 6;
export const PANEL = 8;
/** Rows of A that are packed and used at a time: few enough to stay in a core's cache. */
export const BLOCK = 60;

const times = (a: I32, n: number) => i32.mul(a, i32.of(n));
const plus = (a: I32, n: number) => i32.add(a, i32.of(n));

/** Counts `index` from 0 to `end` by `step`. */
export function count(f: FunctionBuilder, index: Local<'i32'>, end: I32, body: () => void, step = 1): void {
  f.emit(index.set(i32.of(0)));
  f.while(i32.lessS(index, end), () => {
    body();
    f.emit(index.set(plus(index, step)));
  });
}

/** Transposes 4 x 4 numbers: four rows to four columns. */
function transposed(f: FunctionBuilder, rows: readonly V128[]): V128[] {
  const keep = (value: V128) => {
    const local = f.local('v128');
    f.emit(local.set(value));
    return local;
  };
  const [a, b, c, d] = rows.map(keep) as unknown as [V128, V128, V128, V128];
  const low = (x: V128, y: V128) => keep(f32x4.shuffle(x, y, [0, 4, 1, 5]));
  const high = (x: V128, y: V128) => keep(f32x4.shuffle(x, y, [2, 6, 3, 7]));
  const [ab0, ab1, cd0, cd1] = [low(a, b), high(a, b), low(c, d), high(c, d)];
  return [
    f32x4.shuffle(ab0, cd0, [0, 1, 4, 5]),
    f32x4.shuffle(ab0, cd0, [2, 3, 6, 7]),
    f32x4.shuffle(ab1, cd1, [0, 1, 4, 5]),
    f32x4.shuffle(ab1, cd1, [2, 3, 6, 7]),
  ];
}

const wholeFours = (width: number) => width - (width % 4);

/** (from, stride, to, k): packs `width` neighbouring columns of a matrix with k rows. */
const packColumns =
  (width: number): Kernel =>
  (f) => {
    const [from, stride, to, k] = [
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
    ];
    const i = f.local('i32');
    count(f, i, k, () => {
      for (let n = 0; n < wholeFours(width); n += 4) f.emit(f32x4.store(to, f32x4.load(from, 4 * n), 4 * n));
      for (let n = wholeFours(width); n < width; n++) f.emit(f32.store(to, f32.load(from, 4 * n), 4 * n));
      f.emit(from.set(i32.add(from, stride)), to.set(plus(to, 4 * width)));
    });
  };

/** (from, stride, to, k): packs `width` neighbouring rows of a matrix with k columns. */
const packRows =
  (width: number): Kernel =>
  (f) => {
    const [from, stride, to, k] = [
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
    ];
    const i = f.local('i32');
    const rows = Array.from({ length: width }, () => f.local('i32'));
    for (const local of rows) f.emit(local.set(from), from.set(i32.add(from, stride)));
    f.emit(i.set(i32.of(0)));
    f.while(i32.lessS(plus(i, 3), k), () => {
      for (let n = 0; n < wholeFours(width); n += 4) {
        const columns = transposed(
          f,
          rows.slice(n, n + 4).map((address) => f32x4.load(address)),
        );
        columns.forEach((column, m) => {
          f.emit(f32x4.store(to, column, 4 * (width * m + n)));
        });
      }
      for (const [n, local] of rows.entries()) {
        for (let m = 0; n >= wholeFours(width) && m < 4; m++) {
          f.emit(f32.store(to, f32.load(local, 4 * m), 4 * (width * m + n)));
        }
        f.emit(local.set(plus(local, 16)));
      }
      f.emit(to.set(plus(to, 16 * width)), i.set(plus(i, 4)));
    });
    f.while(i32.lessS(i, k), () => {
      rows.forEach((local, n) => {
        f.emit(f32.store(to, f32.load(local), 4 * n), local.set(plus(local, 4)));
      });
      f.emit(to.set(plus(to, 4 * width)), i.set(plus(i, 1)));
    });
  };

/** (from, across, along, to, k, present): packs fewer rows or columns than a tile has, the others as zeros. */
const packPart =
  (width: number): Kernel =>
  (f) => {
    const [from, across, along] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [to, k, present] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [i, n, address] = [f.local('i32'), f.local('i32'), f.local('i32')];
    count(f, i, k, () => {
      for (let m = 0; m < wholeFours(width); m += 4) f.emit(f32x4.store(to, f32x4.of(0), 4 * m));
      for (let m = wholeFours(width); m < width; m++) f.emit(f32.store(to, f32.of(0), 4 * m));
      f.emit(address.set(from));
      count(f, n, present, () => {
        f.emit(f32.store(i32.add(to, times(n, 4)), f32.load(address)), address.set(i32.add(address, across)));
      });
      f.emit(from.set(i32.add(from, along)), to.set(plus(to, 4 * width)));
    });
  };

/** (a, b, bStride, c, cStride, start, startStride, k): C tile = start tile + A tile B panel. */
const multiplyTile =
  (fused: boolean): Kernel =>
  (f) => {
    const addProduct = (sum: V128, x: V128, y: V128) =>
      fused ? f32x4.relaxedMadd(x, y, sum) : f32x4.add(sum, f32x4.mul(x, y));
    const [a, b, bStride] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [c, cStride] = [f.parameter('i32'), f.parameter('i32')];
    const [start, startStride, k] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const sums = Array.from({ length: TILE }, () => [f.local('v128'), f.local('v128')] as const);
    const [b0, b1, factor, end] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('i32')];
    for (const [left, right] of sums) {
      f.emit(
        left.set(f32x4.load(start)),
        right.set(f32x4.load(start, 16)),
        start.set(i32.add(start, startStride)),
      );
    }
    f.emit(end.set(i32.add(b, i32.mul(k, bStride))));
    f.while(i32.lessU(b, end), () => {
      f.emit(b0.set(f32x4.load(b)), b1.set(f32x4.load(b, 16)));
      sums.forEach(([left, right], row) => {
        f.emit(factor.set(f32x4.loadSplat(a, 4 * row)));
        f.emit(left.set(addProduct(left, factor, b0)));
        f.emit(right.set(addProduct(right, factor, b1)));
      });
      f.emit(b.set(i32.add(b, bStride)), a.set(plus(a, 4 * TILE)));
    });
    for (const [left, right] of sums) {
      f.emit(f32x4.store(c, left), f32x4.store(c, right, 16), c.set(i32.add(c, cStride)));
    }
  };

/** (from, fromStride, to, toStride, rows, columns): copies a part of a matrix. */
const copyPart: Kernel = (f) => {
  const [from, fromStride, to] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [toStride, rows, columns] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [i, offset, bytes, whole] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [source, target] = [i32.add(from, offset), i32.add(to, offset)];
  f.emit(bytes.set(times(columns, 4)), whole.set(i32.and(bytes, i32.of(-16))));
  count(f, i, rows, () => {
    count(
      f,
      offset,
      whole,
      () => {
        f.emit(f32x4.store(target, f32x4.load(source)));
      },
      16,
    );
    f.while(i32.lessS(offset, bytes), () => {
      f.emit(f32.store(target, f32.load(source)), offset.set(plus(offset, 4)));
    });
    f.emit(from.set(i32.add(from, fromStride)), to.set(i32.add(to, toStride)));
  });
};

/** (b, bStride, bTransposed, packed, n, k): packs all of B, panel by panel. */
const packPanels: Kernel = (f) => {
  const [b, bStride, bTransposed] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [packed, n, k] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [j, left, across, along] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  // Columns of B lie side by side, or apart by the stride.
  f.emit(
    across.set(i32.select(bStride, i32.of(4), bTransposed)),
    along.set(i32.select(i32.of(4), bStride, bTransposed)),
  );
  count(
    f,
    j,
    n,
    () => {
      f.emit(left.set(i32.sub(n, j)));
      f.if(i32.lessS(left, i32.of(PANEL)), () => {
        f.emit(f.call('packPanelPart', b, across, along, packed, k, left));
      });
      f.if(i32.lessS(i32.of(PANEL - 1), left), () => {
        f.if(bTransposed, () => {
          f.emit(f.call('packPanelRows', b, bStride, packed, k));
        });
        f.if(i32.isZero(bTransposed), () => {
          f.emit(f.call('packPanelColumns', b, bStride, packed, k));
        });
      });
      f.emit(b.set(i32.add(b, times(across, PANEL))), packed.set(i32.add(packed, times(k, 4 * PANEL))));
    },
    PANEL,
  );
};

/**
 * (a, aStride, aTransposed, b, bStride, bAcross, c, cStride, m, n, k, start, startStride, scratch): `product` with panels of
 * B that are `bAcross` bytes apart, their rows `bStride`: packed before, or where they lie if n is a multiple of
 * {@link PANEL}. `scratch` has room for {@link tileScratch} numbers.
 */
const multiplyPanels: Kernel = (f) => {
  const [a, aStride, aTransposed] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [b, bStride, bAcross] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [c, cStride] = [f.parameter('i32'), f.parameter('i32')];
  const [m, n, k] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [start, startStride, scratch] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [i, j, block, left] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [packedA, from, to] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const [tileC, tileStart] = [f.local('i32'), f.local('i32')];
  const [across, along] = [f.local('i32'), f.local('i32')];

  f.emit(packedA.set(plus(scratch, 4 * TILE * PANEL)));
  f.emit(
    across.set(i32.select(i32.of(4), aStride, aTransposed)),
    along.set(i32.select(aStride, i32.of(4), aTransposed)),
  );
  count(
    f,
    block,
    m,
    () => {
      const rows = f.local('i32');
      f.emit(
        rows.set(i32.sub(m, block)),
        rows.set(i32.select(rows, i32.of(BLOCK), i32.lessS(rows, i32.of(BLOCK)))),
      );
      f.emit(to.set(packedA), from.set(i32.add(a, i32.mul(block, across))));
      count(
        f,
        i,
        rows,
        () => {
          f.emit(left.set(i32.sub(rows, i)));
          f.if(i32.lessS(left, i32.of(TILE)), () => {
            f.emit(f.call('packTilePart', from, across, along, to, k, left));
          });
          f.if(i32.lessS(i32.of(TILE - 1), left), () => {
            f.if(aTransposed, () => {
              f.emit(f.call('packTileColumns', from, aStride, to, k));
            });
            f.if(i32.isZero(aTransposed), () => {
              f.emit(f.call('packTileRows', from, aStride, to, k));
            });
          });
          f.emit(from.set(i32.add(from, times(across, TILE))), to.set(i32.add(to, times(k, 4 * TILE))));
        },
        TILE,
      );
      f.emit(from.set(b));
      count(
        f,
        j,
        n,
        () => {
          f.emit(to.set(packedA), tileC.set(i32.add(i32.add(c, i32.mul(block, cStride)), times(j, 4))));
          f.emit(tileStart.set(i32.add(i32.add(start, i32.mul(block, startStride)), times(j, 4))));
          count(
            f,
            i,
            rows,
            () => {
              const [tileRows, tileColumns, whole] = [f.local('i32'), f.local('i32'), f.local('i32')];
              f.emit(tileRows.set(i32.sub(rows, i)), tileColumns.set(i32.sub(n, j)));
              f.emit(
                whole.set(
                  i32.and(i32.lessS(i32.of(TILE - 1), tileRows), i32.lessS(i32.of(PANEL - 1), tileColumns)),
                ),
              );
              f.if(whole, () => {
                f.emit(f.call('multiplyTile', to, from, bStride, tileC, cStride, tileStart, startStride, k));
              });
              f.if(i32.isZero(whole), () => {
                const part = (length: I32, full: number) =>
                  i32.select(length, i32.of(full), i32.lessS(length, i32.of(full)));
                const size = [part(tileRows, TILE), part(tileColumns, PANEL)];
                const stride = i32.of(4 * PANEL);
                f.emit(f.call('copyPart', tileStart, startStride, scratch, stride, ...size));
                f.emit(f.call('multiplyTile', to, from, bStride, scratch, stride, scratch, stride, k));
                f.emit(f.call('copyPart', scratch, stride, tileC, cStride, ...size));
              });
              f.emit(
                to.set(i32.add(to, times(k, 4 * TILE))),
                tileC.set(i32.add(tileC, times(cStride, TILE))),
              );
              f.emit(tileStart.set(i32.add(tileStart, times(startStride, TILE))));
            },
            TILE,
          );
          f.emit(from.set(i32.add(from, bAcross)));
        },
        PANEL,
      );
    },
    BLOCK,
  );
};

/**
 * (a, aStride, aTransposed, b, bStride, bTransposed, c, cStride, m, n, k, start, startStride, scratch):
 * C = start + A B for C [m, n]. A transposed factor is stored as [k, m] or [n, k]. `start` is C itself to add to it, or
 * one row with stride 0. `scratch` has room for {@link productScratch} numbers.
 */
const product: Kernel = (f) => {
  const [a, aStride, aTransposed] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [b, bStride, bTransposed] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [c, cStride, m, n, k] = [
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
  ];
  const [start, startStride, scratch] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const packedB = f.local('i32');
  f.emit(packedB.set(i32.add(scratch, times(plus(times(k, BLOCK), TILE * PANEL), 4))));
  f.emit(f.call('packPanels', b, bStride, bTransposed, packedB, n, k));
  f.emit(
    f.call(
      'multiplyPanels',
      a,
      aStride,
      aTransposed,
      packedB,
      i32.of(4 * PANEL),
      times(k, 4 * PANEL),
      c,
      cStride,
      m,
      n,
      k,
      start,
      startStride,
      scratch,
    ),
  );
};

const parts = {
  packPanelColumns: packColumns(PANEL),
  packPanelRows: packRows(PANEL),
  packPanelPart: packPart(PANEL),
  packTileColumns: packColumns(TILE),
  packTileRows: packRows(TILE),
  packTilePart: packPart(TILE),
  copyPart,
  packPanels,
  multiplyPanels,
  product,
};

/**
 * The product and its parts.
 *
 * @param fused Whether to multiply and add in one instruction, which is relaxed SIMD: faster where the processor and the
 *   engine have it.
 */
export function productCode(fused: boolean): typeof parts & { multiplyTile: Kernel } {
  return { ...parts, multiplyTile: multiplyTile(fused) };
}

/** Numbers of memory for B [k, n] packed. */
export function packedNumbers(n: number, k: number): number {
  return k * PANEL * Math.ceil(n / PANEL);
}

/** Numbers of scratch memory that `multiplyPanels` needs. */
export function tileScratch(k: number): number {
  return TILE * PANEL + k * BLOCK;
}

/** Numbers of scratch memory that `product` needs for [m, k] times [k, n]. */
export function productScratch(n: number, k: number): number {
  return tileScratch(k) + packedNumbers(n, k);
}
