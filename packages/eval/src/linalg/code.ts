import { f64, f64x2, i32 } from '@meanflow/wasm';
import type { FunctionBuilder, I32, Kernel, V128 } from '@meanflow/wasm';

// The inner loops of linear algebra in double precision. Addresses and strides are in bytes, counts in numbers.

/** Rows of a tile of a product. */
export const TILE = 6;
/** Columns of a tile of a product. */
export const PANEL = 4;
/** Rows that one call of `symmetricStrip` takes, as many as `vectors` makes. */
export const STRIP = 4;

const plus = (a: I32, n: number) => i32.add(a, i32.of(n));
const bytes = (count: I32) => i32.mul(count, i32.of(8));
const vectors = (f: FunctionBuilder) =>
  [f.local('v128'), f.local('v128'), f.local('v128'), f.local('v128')] as const;
const sumOfLanes = (v: V128) => f64.add(f64.lane(v, 0), f64.lane(v, 1));

type MultiplyAdd = (sum: V128, x: V128, y: V128) => V128;

/** (from, across, along, present, to, width, k): stores a panel as [k][width], zeros past the first `present`. */
const pack: Kernel = (f) => {
  const [from, across, along] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
  const [present, to, width, k] = [
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
  ];
  const [address, target, row, n] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  f.emit(target.set(to), row.set(i32.of(0)));
  f.while(i32.lessS(row, k), () => {
    f.emit(address.set(i32.add(from, i32.mul(row, along))), n.set(i32.of(0)));
    f.while(i32.lessS(n, present), () => {
      f.emit(f64.store(target, f64.load(address)), address.set(i32.add(address, across)));
      f.emit(target.set(plus(target, 8)), n.set(plus(n, 1)));
    });
    f.while(i32.lessS(n, width), () => {
      f.emit(f64.store(target, f64.of(0)), target.set(plus(target, 8)), n.set(plus(n, 1)));
    });
    f.emit(row.set(plus(row, 1)));
  });
};

/** (a, b, k, c, cStride, alpha): C tile += alpha (A tile) (B panel), both packed. */
const tile =
  (multiplyAdd: MultiplyAdd): Kernel =>
  (f) => {
    const [a, b, k, c, stride] = [
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
    ];
    const alpha = f.parameter('f64');
    const end = f.local('i32');
    const sums = Array.from({ length: TILE }, () => [f.local('v128'), f.local('v128')] as const);
    const [b0, b1, factor] = [f.local('v128'), f.local('v128'), f.local('v128')];
    for (const [left, right] of sums) f.emit(left.set(f64x2.of(0)), right.set(f64x2.of(0)));
    f.emit(end.set(i32.add(b, i32.mul(k, i32.of(8 * PANEL)))));
    f.while(i32.lessU(b, end), () => {
      f.emit(b0.set(f64x2.load(b)), b1.set(f64x2.load(b, 16)));
      sums.forEach(([left, right], row) => {
        f.emit(factor.set(f64x2.loadSplat(a, 8 * row)));
        f.emit(left.set(multiplyAdd(left, factor, b0)), right.set(multiplyAdd(right, factor, b1)));
      });
      f.emit(b.set(plus(b, 8 * PANEL)), a.set(plus(a, 8 * TILE)));
    });
    f.emit(factor.set(f64x2.splat(alpha)));
    for (const [left, right] of sums) {
      f.emit(f64x2.store(c, multiplyAdd(f64x2.load(c), factor, left)));
      f.emit(f64x2.store(c, multiplyAdd(f64x2.load(c, 16), factor, right), 16));
      f.emit(c.set(i32.add(c, stride)));
    }
  };

/** (a, b, n, to): stores the sum of a[i] b[i]. */
const dot =
  (multiplyAdd: MultiplyAdd): Kernel =>
  (f) => {
    const [a, b, n, to] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [end, last, sum] = [f.local('i32'), f.local('i32'), f.local('f64')];
    const sums = vectors(f);
    for (const one of sums) f.emit(one.set(f64x2.of(0)));
    f.emit(last.set(i32.add(a, bytes(n))), end.set(i32.add(a, bytes(i32.and(n, i32.of(-8))))));
    f.while(i32.lessU(a, end), () => {
      sums.forEach((one, i) => {
        f.emit(one.set(multiplyAdd(one, f64x2.load(a, 16 * i), f64x2.load(b, 16 * i))));
      });
      f.emit(a.set(plus(a, 64)), b.set(plus(b, 64)));
    });
    const [s0, s1, s2, s3] = sums;
    f.emit(sum.set(sumOfLanes(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)))));
    f.while(i32.lessU(a, last), () => {
      f.emit(sum.set(f64.add(sum, f64.mul(f64.load(a), f64.load(b)))));
      f.emit(a.set(plus(a, 8)), b.set(plus(b, 8)));
    });
    f.emit(f64.store(to, sum));
  };

/** (alpha, a, b, n): b[i] += alpha a[i]. */
const axpy =
  (multiplyAdd: MultiplyAdd): Kernel =>
  (f) => {
    const alpha = f.parameter('f64');
    const [a, b, n] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [end, last, factor] = [f.local('i32'), f.local('i32'), f.local('v128')];
    f.emit(factor.set(f64x2.splat(alpha)));
    f.emit(last.set(i32.add(a, bytes(n))), end.set(i32.add(a, bytes(i32.and(n, i32.of(-4))))));
    f.while(i32.lessU(a, end), () => {
      for (const at of [0, 16])
        f.emit(f64x2.store(b, multiplyAdd(f64x2.load(b, at), factor, f64x2.load(a, at)), at));
      f.emit(a.set(plus(a, 32)), b.set(plus(b, 32)));
    });
    f.while(i32.lessU(a, last), () => {
      f.emit(f64.store(b, f64.add(f64.load(b), f64.mul(alpha, f64.load(a)))));
      f.emit(a.set(plus(a, 8)), b.set(plus(b, 8)));
    });
  };

/**
 * (a, stride, columns, x, y, xRows, yRows): what {@link STRIP} rows of a symmetric matrix and their mirror image give to
 * a product y = A x: yRows[r] += sum of a[r][j] x[j] and y[j] += sum of a[r][j] xRows[r]. `columns` is even.
 */
const symmetricStrip =
  (multiplyAdd: MultiplyAdd): Kernel =>
  (f) => {
    const [a, stride, columns, x, y] = [
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
      f.parameter('i32'),
    ];
    const [xRows, yRows] = [f.parameter('i32'), f.parameter('i32')];
    const [sums, factors] = [vectors(f), vectors(f)];
    const [row, xs, ys, end] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('i32')];
    const rows = sums.map((sum, r) => {
      const [address, factor] = [f.local('i32'), factors[r] ?? sum];
      f.emit(address.set(a), a.set(i32.add(a, stride)));
      f.emit(sum.set(f64x2.of(0)), factor.set(f64x2.loadSplat(xRows, 8 * r)));
      return { address, sum, factor };
    });
    f.emit(end.set(i32.add(x, bytes(columns))));
    f.while(i32.lessU(x, end), () => {
      f.emit(xs.set(f64x2.load(x)), ys.set(f64x2.load(y)));
      for (const { address, sum, factor } of rows) {
        f.emit(row.set(f64x2.load(address)), address.set(plus(address, 16)));
        f.emit(sum.set(multiplyAdd(sum, row, xs)), ys.set(multiplyAdd(ys, row, factor)));
      }
      f.emit(f64x2.store(y, ys), x.set(plus(x, 16)), y.set(plus(y, 16)));
    });
    sums.forEach((sum, r) => {
      f.emit(f64.store(yRows, f64.add(f64.load(yRows, 8 * r), sumOfLanes(sum)), 8 * r));
    });
  };

/**
 * All kernels.
 *
 * @param fused Whether to multiply and add in one instruction of relaxed SIMD.
 */
export function kernelCode(
  fused: boolean,
): Record<'pack' | 'tile' | 'dot' | 'axpy' | 'symmetricStrip', Kernel> {
  const multiplyAdd: MultiplyAdd = fused
    ? (sum, x, y) => f64x2.relaxedMadd(x, y, sum)
    : (sum, x, y) => f64x2.add(sum, f64x2.mul(x, y));
  return {
    pack,
    tile: tile(multiplyAdd),
    dot: dot(multiplyAdd),
    axpy: axpy(multiplyAdd),
    symmetricStrip: symmetricStrip(multiplyAdd),
  };
}
