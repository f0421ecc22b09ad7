import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from './decodeSafetensors';

function file(header: string | Uint8Array, data: readonly number[] = [], length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}
const reading = (header: object, dataBytes: number) => () =>
  decodeSafetensors(file(JSON.stringify(header), new Array<number>(dataBytes).fill(0)));
const u8 = (begin: number, end: number) => ({
  dtype: 'U8',
  shape: [end - begin],
  data_offsets: [begin, end],
});

describe('decodeSafetensors', () => {
  it('reads a file written by hand', () => {
    const header =
      '{"__metadata__":{"by":"hand"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
      '"s":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}   ';
    const { tensors, metadata } = decodeSafetensors(
      file(header, [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    );
    expect(metadata).toEqual({ by: 'hand' });
    expect(tensors).toEqual({
      w: { dtype: 'F32', shape: [2, 1], data: new Float32Array([1, -10]) },
      s: { dtype: 'I64', shape: [], data: new BigInt64Array([-2n]) },
    });
  });

  it('accepts a file without tensors and a tensor without elements', () => {
    expect(decodeSafetensors(file('{}'))).toEqual({ tensors: {}, metadata: {} });
    const empty = { dtype: 'F64', shape: [0, 3], data_offsets: [1, 1] };
    const { tensors } = reading({ byte: u8(0, 1), empty, last: u8(1, 2) }, 2)();
    expect(tensors['empty']?.data).toEqual(new Float64Array(0));
  });

  it('reads a Buffer at any place of its memory', () => {
    const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const bytes = file(header, [0, 0, 0x80, 0x3f]);
    for (let shift = 0; shift < 4; shift++) {
      const part = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(5)]).subarray(
        shift,
        shift + bytes.length,
      );
      expect(decodeSafetensors(part).tensors['w']?.data).toEqual(Float32Array.of(1));
    }
  });
  it('gives views where the data are aligned and copies where they are not', () => {
    const header =
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U16","shape":[1],"data_offsets":[1,3]}}';
    const bytes = file(header.padEnd(8 * Math.ceil(header.length / 8)), [7, 1, 2]);
    const { tensors } = decodeSafetensors(bytes);
    expect(tensors['a']?.data.buffer).toBe(bytes.buffer);
    expect(tensors['b']?.data.buffer).not.toBe(bytes.buffer);
    expect(tensors['b']?.data).toEqual(new Uint16Array([0x0201]));
  });

  it.each([
    ['an empty file', new Uint8Array(), /at least 8 bytes, got 0\. It is truncated/],
    ['a cut header', file('{}', [], 1000n), /header ends at byte 1008 but the file has 10\. It is truncated/],
    [
      'a huge header',
      file('{}', [], 100_000_001n),
      /at most 100000000 bytes, got 100000001\. Not safetensors\?/,
    ],
    ['a length beyond 2^53', file('{}', [], 2n ** 64n - 1n), /got 18446744073709551615/],
    ['broken JSON', file('{"w":'), /header must be JSON in UTF-8, got an error/],
    ['bytes that are not UTF-8', file(new Uint8Array([0x7b, 0xff, 0x7d])), /header must be JSON in UTF-8/],
    ['an array as header', file('[1]'), /header must be a JSON object, got \[1\]/],
    ['data without tensors', file('{}', [1, 2]), /tensors cover 0 bytes of data but the file has 2/],
  ])('refuses %s', (_what, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });

  it.each([
    [
      'an unknown dtype',
      { w: { ...u8(0, 1), dtype: 'F8_E4M3' } },
      1,
      /tensor "w" must have a dtype of .*got "F8_E4M3"/,
    ],
    [
      'an inherited name as dtype',
      { w: { ...u8(0, 1), dtype: 'toString' } },
      1,
      /tensor "w" must have a dtype of/,
    ],
    ['a negative size', { w: { ...u8(0, 1), shape: [-1] } }, 1, /tensor "w" must have a shape.*got \[-1\]/],
    ['a fractional size', { w: { ...u8(0, 1), shape: [0.5, 2] } }, 1, /tensor "w" must have a shape/],
    [
      'a shape that overflows',
      { w: { ...u8(0, 1), shape: [2 ** 40, 2 ** 40] } },
      1,
      /tensor "w" must have a shape/,
    ],
    [
      'a missing shape',
      { w: { dtype: 'U8', data_offsets: [0, 1] } },
      1,
      /tensor "w" must have a shape.*got nothing/,
    ],
    [
      'missing offsets',
      { w: { dtype: 'U8', shape: [1] } },
      1,
      /tensor "w" must have data_offsets.*got nothing/,
    ],
    [
      'negative offsets',
      { w: { ...u8(0, 1), data_offsets: [-1, 0] } },
      1,
      /tensor "w" must have data_offsets/,
    ],
    [
      'a range that does not fit',
      { w: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } },
      8,
      /tensor "w" of shape \[3\] needs 12 bytes as F32, its range has 8/,
    ],
    ['a reversed range', { w: { ...u8(0, 1), data_offsets: [1, 0] } }, 1, /tensor "w".*its range has -1/],
    [
      'an overlap',
      { a: u8(0, 4), b: u8(2, 6) },
      6,
      /tensor "b" must begin at byte 4 but overlaps the tensor before it: 2/,
    ],
    [
      'a gap',
      { a: u8(0, 4), b: u8(5, 6) },
      6,
      /tensor "b" must begin at byte 4 but leaves a gap before it: 5/,
    ],
    ['a gap at the start', { a: u8(1, 4) }, 4, /tensor "a" must begin at byte 0 but leaves a gap/],
    ['a gap at the end', { a: u8(0, 4) }, 5, /cover 4 bytes of data but the file has 5/],
    [
      'cut data',
      { a: u8(0, 4), b: u8(4, 9) },
      8,
      /tensor "b" ends at byte 9 of the data, which has 8\. The file is truncated/,
    ],
    ['metadata that is not text', { __metadata__: { n: 1 } }, 0, /metadata "n" must be a string, got 1/],
    [
      'metadata that is no object',
      { __metadata__: ['a'] },
      0,
      /__metadata__ must be an object of strings, got \["a"\]/,
    ],
    ['an entry that is no object', { w: null }, 0, /tensor "w" must be a JSON object, got null/],
  ])('refuses %s, naming it', (_what, header, dataBytes, message) => {
    expect(reading(header, dataBytes)).toThrow(message);
  });
});
