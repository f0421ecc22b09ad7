import { f32x4, i32, i32x4 } from '@meanflow/wasm';
import type { FunctionBuilder, V128 } from '@meanflow/wasm';

const { add, mul, sub, div, of } = f32x4;

/** Stores a value in a variable of its own, to use it more than once. */
export function keep(f: FunctionBuilder, value: V128): V128 {
  const local = f.local('v128');
  f.emit(local.set(value));
  return local;
}

/** Coefficients of (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, from the highest power. Cephes, `expf`. */
const exponentialSeries = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
];

/** e^x to about 1e-7 relative, clipped below to e^-87.3 and infinite from x = 88.4: e^x = 2^n e^r with n = round(x / ln 2). */
export function exponential(f: FunctionBuilder, x: V128): V128 {
  const clipped = keep(f, f32x4.min(f32x4.max(x, of(-87.3)), of(89)));
  const n = keep(f, f32x4.nearest(mul(clipped, of(Math.LOG2E))));
  // ln 2 in two parts, of which the first has few digits, so that n ln 2 is exact.
  const r = keep(f, sub(sub(clipped, mul(n, of(0.693359375))), mul(n, of(-2.1219444e-4))));
  const [highest = 0, ...rest] = exponentialSeries;
  const series = rest.reduce((sum, coefficient) => add(mul(sum, r), of(coefficient)), of(highest));
  const power = add(add(mul(series, mul(r, r)), r), of(1));
  const exponent = i32x4.shl(i32x4.add(i32x4.fromF32x4(n), i32x4.splat(i32.of(127))), i32.of(23));
  return mul(power, exponent);
}

/** 1 / (1 + e^-x). */
export function sigmoid(f: FunctionBuilder, x: V128): V128 {
  return div(of(1), add(of(1), exponential(f, mul(x, of(-1)))));
}
