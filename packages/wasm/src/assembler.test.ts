import { expect, it } from 'vitest';
import { assemble, f32, f32x4, f64, f64x2, i32 } from './assembler';
import type { Kernel } from './assembler';

/** Runs a kernel `f(...args)` over a memory of its own and returns that as numbers. */
function run(kernels: Record<string, Kernel>, ...args: number[]): Float32Array {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(assemble(kernels, false));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  (exports['f'] as (...values: number[]) => void)(...args);
  return new Float32Array(memory.buffer);
}

it.each([0, 1, 63, 64, 127, 128, -1, -64, -65, 2 ** 20, -(2 ** 31), 2 ** 24])(
  'encodes the constant %i',
  (value) => {
    const result = run({
      f: (f) => {
        f.emit(f32.store(i32.of(0), f32.fromI32(i32.of(value))));
      },
    });
    expect(result[0]).toBe(value);
  },
);

it('has loops, conditions, calls, parameters and addresses with offsets', () => {
  // Sums 1 ... n, if n is not 0, and calls itself never.
  const kernels: Record<string, Kernel> = {
    f: (f) => {
      const [n, sum] = [f.parameter('i32'), f.local('i32')];
      f.if(n, () => {
        f.while(i32.lessS(i32.of(0), n), () => {
          f.emit(sum.set(i32.add(sum, n)), n.set(i32.sub(n, i32.of(1))));
        });
        f.emit(f.call('keep', i32.of(8), f32.fromI32(sum)));
      });
    },
    keep: (f) => {
      const [address, value] = [f.parameter('i32'), f.parameter('f32')];
      f.emit(f32.store(address, value, 200));
    },
  };
  expect(run(kernels, 100)[52]).toBe(5050);
  expect(run(kernels, 0)[52]).toBe(0);
});

it('has vectors', () => {
  const result = run({
    f: (f) => {
      const v = f.local('v128');
      f.emit(f32.store(i32.of(0), f32.of(3)), f32.store(i32.of(4), f32.of(5)));
      f.emit(v.set(f32x4.mul(f32x4.load(i32.of(0)), f32x4.loadSplat(i32.of(4)))));
      f.emit(f32x4.store(i32.of(16), f32x4.shuffle(v, f32x4.of(-1), [1, 0, 4, 7])));
    },
  });
  expect([...result.slice(4, 8)]).toEqual([25, 15, -1, -1]);
});

it('has numbers of double precision, alone and in vectors', () => {
  const result = run(
    {
      f: (f) => {
        const [address, scale, v] = [f.parameter('i32'), f.parameter('f64'), f.local('v128')];
        f.emit(f64.store(address, f64.of(0.1)), f64.store(address, scale, 8));
        f.emit(v.set(f64x2.mul(f64x2.load(address), f64x2.splat(f64.add(scale, f64.of(1))))));
        f.emit(v.set(f64x2.add(v, f64x2.loadSplat(address, 8))));
        f.emit(f64x2.store(address, v, 16), f64x2.store(address, f64x2.of(-7), 32));
        f.emit(f64.store(address, f64.mul(f64.lane(v, 1), f64.lane(v, 0)), 48));
      },
    },
    8,
    3,
  );
  const [x, y] = [0.1 * 4 + 3, 3 * 4 + 3];
  expect([...new Float64Array(result.buffer, 8, 7)]).toEqual([0.1, 3, x, y, -7, -7, x * y]);
});

it('refuses a call of nothing', () => {
  const calling: Kernel = (f) => {
    f.emit(f.call('nobody'));
  };
  expect(() => assemble({ f: calling }, false)).toThrow('internal: no function nobody.');
});
