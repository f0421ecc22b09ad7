import { f32, f32x4, i32 } from '@meanflow/wasm';
import type { FunctionBuilder, Kernel, V128 } from '@meanflow/wasm';
import { keep, sigmoid } from './math';

const { add, mul, sub, of } = f32x4;

/** gelu(x) = x sigmoid(LINEAR x + CUBIC x^3). */
export const LINEAR = 2 * Math.sqrt(2 / Math.PI);
export const CUBIC = LINEAR * 0.044715;

/** As many values as a kernel has asked for. */
type Values = readonly [V128, V128, V128, V128, V128];

/**
 * (...inputs, ...outputs, ...scalars, numbers): outputs from inputs, element by element, four at a time; scalars are
 * addresses of one number each. The last four overlap those before them where the number is not a multiple, so an output
 * must not be an input, and there must be at least four.
 */
function elementwise(
  counts: { inputs: number; outputs: number; scalars?: number },
  body: (f: FunctionBuilder, values: Values, scalars: readonly V128[]) => V128[],
): Kernel {
  return (f) => {
    const addresses = (n: number) => Array.from({ length: n }, () => f.parameter('i32'));
    const [from, to] = [addresses(counts.inputs), addresses(counts.outputs)];
    const scalarsAt = addresses(counts.scalars ?? 0);
    const numbers = f.parameter('i32');
    const [offset, last, more] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const scalars = scalarsAt.map((address) => keep(f, f32x4.loadSplat(address)));
    f.emit(last.set(i32.mul(i32.sub(numbers, i32.of(4)), i32.of(4))), more.set(i32.of(1)));
    f.while(more, () => {
      const values = from.map((address) => keep(f, f32x4.load(i32.add(address, offset))));
      const results = body(f, values as unknown as Values, scalars);
      for (const [i, address] of to.entries()) {
        f.emit(f32x4.store(i32.add(address, offset), results[i] ?? of(0)));
      }
      f.emit(more.set(i32.lessS(offset, last)), offset.set(i32.add(offset, i32.of(16))));
      f.emit(offset.set(i32.select(offset, last, i32.lessS(offset, last))));
    });
  };
}

/** gelu(x) and its derivative s (1 + d - d s), with s = sigmoid(LINEAR x + CUBIC x^3) and d = x (LINEAR + 3 CUBIC x^2). */
function geluParts(f: FunctionBuilder, x: V128): { value: V128; slope: V128 } {
  const square = keep(f, mul(x, x));
  const s = keep(f, sigmoid(f, mul(x, add(mul(square, of(CUBIC)), of(LINEAR)))));
  const d = keep(f, mul(x, add(mul(square, of(3 * CUBIC)), of(LINEAR))));
  return { value: mul(x, s), slope: mul(s, add(sub(d, mul(d, s)), of(1))) };
}

/** One update of `applyAdam`, operation by operation as it is defined there. */
const adam = elementwise(
  { inputs: 5, outputs: 4, scalars: 11 },
  (f, [weight, m, v, ema, gradient], scalars) => {
    const [
      beta1,
      beta1Rest,
      beta2,
      beta2Rest,
      epsilon,
      stepSize,
      correction2,
      emaDecay,
      emaRest,
      decay,
      clip,
    ] = scalars as unknown as AdamScalars;
    const g = keep(f, mul(gradient, clip));
    const mNew = keep(f, add(mul(m, beta1), mul(g, beta1Rest)));
    const vNew = keep(f, add(mul(v, beta2), mul(mul(g, g), beta2Rest)));
    const step = f32x4.div(mul(mNew, stepSize), add(f32x4.sqrt(mul(vNew, correction2)), epsilon));
    const weightNew = keep(f, add(weight, add(step, mul(weight, decay))));
    return [weightNew, mNew, vNew, add(mul(ema, emaDecay), mul(weightNew, emaRest))];
  },
);
type AdamScalars = readonly [V128, V128, V128, V128, V128, V128, V128, V128, V128, V128, V128];

/** (address, numbers): zeros. */
const zero: Kernel = (f) => {
  const [address, numbers] = [f.parameter('i32'), f.parameter('i32')];
  const end = f.local('i32');
  f.emit(end.set(i32.add(address, i32.mul(numbers, i32.of(4)))));
  f.while(i32.lessU(address, end), () => {
    f.emit(f32.store(address, f32.of(0)), address.set(i32.add(address, i32.of(4))));
  });
};

/** (address, number): one number. */
const fillOne: Kernel = (f) => {
  const [address, value] = [f.parameter('i32'), f.parameter('f32')];
  f.emit(f32.store(address, value));
};

export const elementwiseCode = {
  zero,
  fillOne,
  adam,
  gelu: elementwise({ inputs: 1, outputs: 1 }, (f, [x]) => [geluParts(f, x).value]),
  geluPullBack: elementwise({ inputs: 2, outputs: 1 }, (f, [x, d]) => [mul(d, geluParts(f, x).slope)]),
  geluBoth: elementwise({ inputs: 2, outputs: 2 }, (f, [x, d]) => {
    const { value, slope } = geluParts(f, x);
    return [value, mul(d, slope)];
  }),
};
