import fc from 'fast-check';
import { expect, it } from 'vitest';
import { halfTable } from './halves';
import { toFloat16 } from './toFloat16';

const half = (number: number) => toFloat16(Float32Array.of(number))[0] ?? NaN;

it('writes ones, subnormals, the largest, zeros with their sign, infinities, NaN', () => {
  const numbers = [1, -2, 1 / 3, 2 ** -24, -1023 * 2 ** -24, 65504, -0, Infinity, -Infinity, NaN];
  const expected = [0x3c00, 0xc000, 0x3555, 0x0001, 0x83ff, 0x7bff, 0x8000, 0x7c00, 0xfc00, 0x7e00];
  expect([...toFloat16(Float32Array.from(numbers))]).toEqual(expected);
});

it('rounds ties to even, and past the largest to infinity', () => {
  expect(half(1 + 2 ** -11)).toBe(0x3c00);
  expect(half(1 + 3 * 2 ** -11)).toBe(0x3c02);
  expect(half(2 ** -25)).toBe(0);
  expect(half(3 * 2 ** -25)).toBe(2);
  expect(half(2 ** -14 - 2 ** -26)).toBe(0x0400); // a subnormal that rounds up to a normal
  expect(half(65519)).toBe(0x7bff);
  expect(half(65520)).toBe(0x7c00);
});

it('gives every half back', () => {
  const table = halfTable();
  const back = toFloat16(table);
  for (let bits = 0; bits < 65536; bits++) {
    if (!Number.isNaN(table[bits])) expect(back[bits]).toBe(bits);
  }
});

it('takes the nearest half', () => {
  const table = halfTable();
  const inRange = fc.float({ min: -65504, max: 65504, noNaN: true });
  fc.assert(
    fc.property(inRange, (number) => {
      const bits = half(number);
      const off = Math.abs((table[bits] ?? NaN) - number);
      for (const neighbour of [bits - 1, bits + 1]) {
        const other = table[neighbour & 0xffff] ?? NaN;
        if (Number.isFinite(other)) expect(off).toBeLessThanOrEqual(Math.abs(other - number));
      }
    }),
  );
});
