import { f32, f32x4, i32 } from '@meanflow/wasm';
import type { F32, FunctionBuilder, I32, Kernel, Local, V128 } from '@meanflow/wasm';
import { exponential, keep } from './math';
import { count } from './productCode';

// Rows of numbers: [rows, width], where the width is a multiple of 4 except for the softmax. Some have a row of their own
// for each sample, of `tokens` rows.

const { add, mul, sub, div, of } = f32x4;

/** Sum of the four numbers of a vector. */
function total(f: FunctionBuilder, vector: V128): F32 {
  const v = keep(f, vector);
  return f32.add(f32.add(f32.lane(v, 0), f32.lane(v, 1)), f32.add(f32.lane(v, 2), f32.lane(v, 3)));
}

/** What `body` does for each four numbers of a row; `offset` counts bytes. */
function along(f: FunctionBuilder, offset: Local<'i32'>, bytes: I32, body: () => void): void {
  count(f, offset, bytes, body, 16);
}

interface Row {
  f: FunctionBuilder;
  offset: Local<'i32'>;
  bytes: Local<'i32'>;
  at: (address: I32) => V128;
}

/** Two sums over a row, each in all four places of a vector. */
function sumsAlong({ f, offset, bytes }: Row, terms: () => [V128, V128]): [V128, V128] {
  const [a, b] = [f.local('v128'), f.local('v128')];
  f.emit(a.set(of(0)), b.set(of(0)));
  along(f, offset, bytes, () => {
    const [first, second] = terms();
    f.emit(a.set(add(a, first)), b.set(add(b, second)));
  });
  f.emit(a.set(f32x4.splat(total(f, a))), b.set(f32x4.splat(total(f, b))));
  return [a, b];
}

/** Mean and 1 / sigma of a row, sigma^2 = variance + 1e-6, and its normalized numbers at the offset. */
function normalization(row: Row, x: I32, perNumber: V128): { inverse: V128; normalized: () => V128 } {
  const { f, at } = row;
  const [sum] = sumsAlong(row, () => [at(x), of(0)]);
  const mean = keep(f, mul(sum, perNumber));
  const [squares] = sumsAlong(row, () => {
    const centred = keep(f, sub(at(x), mean));
    return [mul(centred, centred), of(0)];
  });
  const inverse = keep(f, div(of(1), f32x4.sqrt(add(mul(squares, perNumber), of(1e-6)))));
  return { inverse, normalized: () => mul(sub(at(x), mean), inverse) };
}

/** As many addresses as a kernel has asked for. */
type Addresses = readonly [I32, I32, I32, I32];

/**
 * (...addresses of [rows, width], ...addresses of [samples, width], tokens, rows, width): calls `body` for each row. The
 * addresses move from row to row, those of the samples after every `tokens` rows.
 */
function rowwise(
  perRow: number,
  perSample: number,
  body: (row: Row, tensors: Addresses, samples: Addresses, perNumber: V128) => void,
): Kernel {
  return (f) => {
    const tensors = Array.from({ length: perRow }, () => f.parameter('i32'));
    const samples = Array.from({ length: perSample }, () => f.parameter('i32'));
    const [tokens, rows, width] = [f.parameter('i32'), f.parameter('i32'), f.parameter('i32')];
    const [i, token, offset, bytes] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
    const perNumber = f.local('v128');
    f.emit(bytes.set(i32.mul(width, i32.of(4))), token.set(tokens));
    f.emit(perNumber.set(f32x4.splat(f32.div(f32.of(1), f32.fromI32(width)))));
    count(f, i, rows, () => {
      const row = { f, offset, bytes, at: (address: I32) => f32x4.load(i32.add(address, offset)) };
      body(row, tensors as unknown as Addresses, samples as unknown as Addresses, perNumber);
      for (const tensor of tensors) f.emit(tensor.set(i32.add(tensor, bytes)));
      f.emit(token.set(i32.sub(token, i32.of(1))));
      f.if(i32.isZero(token), () => {
        for (const sample of samples) f.emit(sample.set(i32.add(sample, bytes)));
        f.emit(token.set(tokens));
      });
    });
  };
}

const store = ({ f, offset }: Row, address: I32, value: V128) => {
  f.emit(f32x4.store(i32.add(address, offset), value));
};

/** y = x^ (1 + scale) + shift; addresses x, y | shift, scale. */
const layerNormModulate = rowwise(2, 2, (row, [x, y], [shift, scale], perNumber) => {
  const { f, offset, bytes, at } = row;
  const { normalized } = normalization(row, x, perNumber);
  along(f, offset, bytes, () => {
    store(row, y, add(mul(normalized(), add(at(scale), of(1))), at(shift)));
  });
});

/** dx = (g - mean(g) - x^ mean(g x^)) / sigma with g = dy (1 + scale); sums dshift += dy, dscale += dy x^. */
const layerNormModulatePullBack = rowwise(3, 3, (row, [x, dy, dx], [scale, dShift, dScale], perNumber) => {
  const { f, offset, bytes, at } = row;
  const { inverse, normalized } = normalization(row, x, perNumber);
  const scaled = () => mul(at(dy), add(at(scale), of(1)));
  const [sum, product] = sumsAlong(row, () => {
    const g = keep(f, scaled());
    return [g, mul(g, normalized())];
  });
  const mean = keep(f, mul(sum, perNumber));
  const correlation = keep(f, mul(product, perNumber));
  along(f, offset, bytes, () => {
    const n = keep(f, normalized());
    store(row, dx, mul(sub(sub(scaled(), mean), mul(n, correlation)), inverse));
    store(row, dShift, add(at(dShift), at(dy)));
    store(row, dScale, add(at(dScale), mul(at(dy), n)));
  });
});

/** dy = J dx (1 + scale) + x^ dscale + dshift, J the Jacobian of the normalization. */
const layerNormModulatePush = rowwise(3, 3, (row, [x, dx, dy], [scale, dShift, dScale], perNumber) => {
  const { f, offset, bytes, at } = row;
  const { inverse, normalized } = normalization(row, x, perNumber);
  const [sum, product] = sumsAlong(row, () => {
    const d = keep(f, at(dx));
    return [d, mul(d, normalized())];
  });
  const mean = keep(f, mul(sum, perNumber));
  const correlation = keep(f, mul(product, perNumber));
  along(f, offset, bytes, () => {
    const n = keep(f, normalized());
    const projected = mul(sub(sub(at(dx), mean), mul(n, correlation)), inverse);
    store(row, dy, add(add(mul(projected, add(at(scale), of(1))), mul(n, at(dScale))), at(dShift)));
  });
});

/** y = x + gate branch. */
const gatedResidual = rowwise(3, 1, (row, [x, branch, y], [gate]) => {
  along(row.f, row.offset, row.bytes, () => {
    store(row, y, add(row.at(x), mul(row.at(gate), row.at(branch))));
  });
});

/** dbranch = gate dy; sums dgate += dy branch. */
const gatedResidualPullBack = rowwise(3, 2, (row, [branch, dy, dBranch], [gate, dGate]) => {
  along(row.f, row.offset, row.bytes, () => {
    store(row, dBranch, mul(row.at(gate), row.at(dy)));
    store(row, dGate, add(row.at(dGate), mul(row.at(dy), row.at(branch))));
  });
});

/** dy = dx + gate dbranch + dgate branch. */
const gatedResidualPush = rowwise(4, 2, (row, [branch, dx, dBranch, dy], [gate, dGate]) => {
  along(row.f, row.offset, row.bytes, () => {
    const products = add(mul(row.at(gate), row.at(dBranch)), mul(row.at(dGate), row.at(branch)));
    store(row, dy, add(row.at(dx), products));
  });
});

/** sums += x, over the rows of each sample. */
const sumRows = rowwise(1, 1, (row, [x], [sums]) => {
  along(row.f, row.offset, row.bytes, () => {
    store(row, sums, add(row.at(sums), row.at(x)));
  });
});

/** (x, scale as the address of a number, rows, width): x = softmax(scale x) along each row, in place. */
const softmaxRows: Kernel = (f) => {
  const [x, scaleAt, rows, width] = [
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
  ];
  const [i, offset, bytes, whole] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [most, scale, sum, factor] = [f.local('v128'), f.local('v128'), f.local('v128'), f.local('v128')];
  const at = () => i32.add(x, offset);
  const rest = (body: () => void) => {
    f.while(i32.lessS(offset, bytes), () => {
      body();
      f.emit(offset.set(i32.add(offset, i32.of(4))));
    });
  };
  const lanesMax = () => {
    const [a, b] = [
      f32.max(f32.lane(most, 0), f32.lane(most, 1)),
      f32.max(f32.lane(most, 2), f32.lane(most, 3)),
    ];
    return f32x4.splat(f32.max(a, b));
  };
  f.emit(bytes.set(i32.mul(width, i32.of(4))), whole.set(i32.and(bytes, i32.of(-16))));
  f.emit(scale.set(f32x4.loadSplat(scaleAt)));
  count(f, i, rows, () => {
    f.emit(most.set(f32x4.loadSplat(x)));
    along(f, offset, whole, () => {
      f.emit(most.set(f32x4.max(most, f32x4.load(at()))));
    });
    rest(() => {
      f.emit(most.set(f32x4.max(most, f32x4.loadSplat(at()))));
    });
    f.emit(most.set(lanesMax()), sum.set(of(0)));
    const power = (value: V128) => keep(f, exponential(f, mul(sub(value, most), scale)));
    along(f, offset, whole, () => {
      const e = power(f32x4.load(at()));
      f.emit(f32x4.store(at(), e), sum.set(add(sum, e)));
    });
    f.emit(sum.set(f32x4.splat(total(f, sum))));
    rest(() => {
      const e = power(f32x4.loadSplat(at()));
      f.emit(f32.store(at(), f32.lane(e, 0)), sum.set(add(sum, e)));
    });
    f.emit(factor.set(div(of(1), sum)));
    along(f, offset, whole, () => {
      f.emit(f32x4.store(at(), mul(f32x4.load(at()), factor)));
    });
    rest(() => {
      f.emit(f32.store(at(), f32.mul(f32.load(at()), f32.lane(factor, 0))));
    });
    f.emit(x.set(i32.add(x, bytes)));
  });
};

/** (a, d, scale as the address of a number, rows, width): d = scale a (d - sum a d) along each row, in place. */
const softmaxSlopeRows: Kernel = (f) => {
  const [a, d, scaleAt, rows, width] = [
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
    f.parameter('i32'),
  ];
  const [i, offset, bytes, whole] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
  const [sum, scale, single] = [f.local('v128'), f.local('v128'), f.local('f32')];
  const [atA, atD] = [() => i32.add(a, offset), () => i32.add(d, offset)];
  const rest = (body: () => void) => {
    f.while(i32.lessS(offset, bytes), () => {
      body();
      f.emit(offset.set(i32.add(offset, i32.of(4))));
    });
  };
  f.emit(bytes.set(i32.mul(width, i32.of(4))), whole.set(i32.and(bytes, i32.of(-16))));
  f.emit(scale.set(f32x4.loadSplat(scaleAt)));
  count(f, i, rows, () => {
    f.emit(sum.set(of(0)));
    along(f, offset, whole, () => {
      f.emit(sum.set(add(sum, mul(f32x4.load(atA()), f32x4.load(atD())))));
    });
    f.emit(single.set(total(f, sum)));
    rest(() => {
      f.emit(single.set(f32.add(single, f32.mul(f32.load(atA()), f32.load(atD())))));
    });
    f.emit(sum.set(f32x4.splat(single)));
    along(f, offset, whole, () => {
      const slope = mul(mul(f32x4.load(atA()), sub(f32x4.load(atD()), sum)), scale);
      f.emit(f32x4.store(atD(), slope));
    });
    rest(() => {
      const difference = f32.mul(f32.sub(f32.load(atD()), single), f32.lane(scale, 0));
      f.emit(f32.store(atD(), f32.mul(f32.load(atA()), difference)));
    });
    f.emit(a.set(i32.add(a, bytes)), d.set(i32.add(d, bytes)));
  });
};

export const rowsCode = {
  layerNormModulate,
  layerNormModulatePullBack,
  layerNormModulatePush,
  gatedResidual,
  gatedResidualPullBack,
  gatedResidualPush,
  sumRows,
  softmaxRows,
  softmaxSlopeRows,
};
