import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from './encodeSafetensors';
import type { SafeTensor } from './dtypes';

const f32 = (...values: number[]): SafeTensor => ({
  dtype: 'F32',
  shape: [values.length],
  data: new Float32Array(values),
});

describe('encodeSafetensors', () => {
  it('writes the bytes that the official library writes', () => {
    // safetensors 0.8.0 (Python), save({'b': float32 [1, -2], 'a': int32 [[3]], 'c': uint8 [4]}, {'k': 'v'})
    const bytes = encodeSafetensors(
      {
        b: f32(1, -2),
        c: { dtype: 'U8', shape: [1], data: new Uint8Array([4]) },
        a: { dtype: 'I32', shape: [1, 1], data: new Int32Array([3]) },
      },
      { k: 'v' },
    );
    const header =
      '{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"a":{"dtype":"I32","shape":[1,1],"data_offsets":[8,12]},"c":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}';
    const padded = header.padEnd(8 * Math.ceil(header.length / 8));
    const expected = [padded.length & 0xff, padded.length >> 8, 0, 0, 0, 0, 0, 0];
    expected.push(...new TextEncoder().encode(padded), 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 3, 0, 0, 0, 4);
    expect([...bytes]).toEqual(expected);
  });

  it('keeps names like numbers in order and sorts by UTF-8 bytes', () => {
    const text = new TextDecoder().decode(
      encodeSafetensors({ 2: f32(1), 10: f32(2), '\u{1d499}': f32(3), '\uff5e': f32(4) }),
    );
    const order = ['"10"', '"2"', '"\uff5e"', '"\u{1d499}"'].map((name) => text.indexOf(name));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it('writes the elements of a view only', () => {
    const data = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    const bytes = encodeSafetensors({ w: { dtype: 'F32', shape: [2], data } });
    expect([...new Float32Array(bytes.slice(-8).buffer)]).toEqual([1, 2]);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp]>([
    [
      'a shape that does not fit',
      { w: { ...f32(1, 2), shape: [3] } },
      {},
      /w has shape \[3\] but 2 values, expected 3/,
    ],
    [
      'an array of another type',
      { w: { dtype: 'I32', shape: [1], data: new Float32Array(1) } },
      {},
      /data of w must be Int32Array for I32, got Float32Array/,
    ],
    ['an unknown dtype', { w: { ...f32(1), dtype: 'C64' } }, {}, /dtype of w must be one of .*got C64/],
    ['the name of the metadata', { __metadata__: f32(1) }, {}, /no tensor can be named __metadata__/],
    [
      'a name that is not Unicode',
      { '\ud800': f32(1) },
      {},
      /a tensor name must be valid Unicode, got "\\ud800"/,
    ],
    [
      'metadata that is not text',
      {},
      { step: 3 },
      /metadata step must be a string, got number\. Use JSON\.stringify/,
    ],
  ])('refuses %s', (_what, tensors, metadata, message) => {
    expect(() =>
      encodeSafetensors(tensors as Record<string, SafeTensor>, metadata as Record<string, string>),
    ).toThrow(message);
  });
});
