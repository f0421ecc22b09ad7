import { toFloat32 } from '@meanflow/safetensors';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toHalf } from './halves';

const fromHalf = (bits: number) =>
  toFloat32({ dtype: 'F16', shape: [1], data: Uint16Array.of(bits) })[0] ?? NaN;

it.each([
  [0, 0],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [-Infinity, 0xfc00],
  [2 ** -24, 1],
  [2 ** -25, 0], // a tie, to even
  [3 * 2 ** -25, 2],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -12, 0x4000],
])('%d becomes %d', (value, bits) => {
  expect(toHalf(value)).toBe(bits);
});

it('returns every half that it is given', () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    expect(toHalf(fromHalf(bits))).toBe(bits);
    expect(toHalf(-fromHalf(bits))).toBe(bits | 0x8000);
  }
});

it('is nearest', () => {
  fc.assert(
    fc.property(fc.float({ min: -60000, max: 60000, noNaN: true }), (value) => {
      const bits = toHalf(value);
      const error = Math.abs(fromHalf(bits) - value);
      for (const other of [bits - 1, bits + 1])
        if ((other & 0x7fff) < 0x7c00) expect(error).toBeLessThanOrEqual(Math.abs(fromHalf(other) - value));
    }),
  );
});
