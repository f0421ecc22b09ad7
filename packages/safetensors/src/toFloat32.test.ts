import { expect, it } from 'vitest';
import { toFloat32 } from './toFloat32';

it('reads halves: ones, subnormals, the largest, zeros with their sign, infinities, NaN', () => {
  const data = new Uint16Array([
    0x3c00, 0xc000, 0x3555, 0x0001, 0x83ff, 0x7bff, 0x8000, 0x7c00, 0xfc00, 0x7e00,
  ]);
  const third = 0.333251953125; // 0x3555, the half nearest to 1/3
  const expected = [1, -2, third, 2 ** -24, -1023 * 2 ** -24, 65504, -0, Infinity, -Infinity, NaN];
  expect([...toFloat32({ dtype: 'F16', shape: [10], data })]).toEqual(expected);
});

it('reads bfloat16 as the upper half of a float32', () => {
  const values = new Float32Array([1, -0, 3.140625, 1e-40, -Infinity]);
  const data = Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
  const expected = new Float32Array(Uint32Array.from(data, (bits) => bits * 65536).buffer);
  expect(toFloat32({ dtype: 'BF16', shape: [5], data })).toEqual(expected);
  expect([...expected.subarray(0, 3)]).toEqual([1, -0, 3.140625]);
});

it('converts integers and doubles, and hands float32 through', () => {
  const data = new Float32Array([1.5]);
  expect(toFloat32({ dtype: 'F32', shape: [1], data })).toBe(data);
  expect(toFloat32({ dtype: 'I64', shape: [2], data: new BigInt64Array([-3n, 2n ** 40n]) })).toEqual(
    new Float32Array([-3, 2 ** 40]),
  );
  expect(toFloat32({ dtype: 'F64', shape: [1], data: new Float64Array([0.1]) })[0]).toBe(Math.fround(0.1));
  expect([...toFloat32({ dtype: 'BOOL', shape: [2], data: new Uint8Array([1, 0]) })]).toEqual([1, 0]);
});
