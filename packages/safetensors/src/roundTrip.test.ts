import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrayConstructors, elementCount } from './dtypes';
import type { SafetensorsDtype, SafeTensor } from './dtypes';
import { decodeSafetensors } from './decodeSafetensors';
import { encodeSafetensors } from './encodeSafetensors';

const dtypes = Object.keys(arrayConstructors) as SafetensorsDtype[];
const words = fc.string({ unit: 'binary', maxLength: 12 });
const names = fc.oneof(
  words,
  fc.constantFrom('10', '2', '__proto__', 'constructor', '', 'a"b\\c', '重み', '𝒙'),
);

/** A tensor of any dtype whose bits are arbitrary, NaNs with payloads included. */
const tensors: fc.Arbitrary<SafeTensor> = fc
  .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(4), { maxLength: 4 }) })
  .chain(({ dtype, shape }) => {
    const Values = arrayConstructors[dtype];
    const length = elementCount(shape) * Values.BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ dtype, shape, data: new Values(bytes.slice().buffer) }) as SafeTensor);
  });
const files = fc.record({
  tensors: fc.uniqueArray(fc.tuple(names, tensors), { selector: ([name]) => name, maxLength: 6 }),
  metadata: fc.uniqueArray(fc.tuple(names, words), { selector: ([key]) => key, maxLength: 4 }),
});

const bits = (t: SafeTensor) => [...new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength)];

describe('a file of any tensors', () => {
  it('comes back with the same names, dtypes, shapes and bits, at any alignment', () => {
    fc.assert(
      fc.property(files, fc.nat(8), (file, shift) => {
        const bytes = encodeSafetensors(Object.fromEntries(file.tensors), Object.fromEntries(file.metadata));
        const moved = new Uint8Array(bytes.length + shift).subarray(shift);
        moved.set(bytes);
        const read = decodeSafetensors(moved);
        expect(new Map(Object.entries(read.metadata))).toEqual(new Map(file.metadata));
        expect(Object.keys(read.tensors).sort()).toEqual(file.tensors.map(([name]) => name).sort());
        for (const [name, tensor] of file.tensors) {
          const found = Object.entries(read.tensors).find(([key]) => key === name)?.[1];
          expect(found?.dtype).toBe(tensor.dtype);
          expect(found?.shape).toEqual(tensor.shape);
          expect(found && bits(found)).toEqual(bits(tensor));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the same bytes whatever the order of its keys', () => {
    fc.assert(
      fc.property(files, ({ tensors: list, metadata }) => {
        const forward = encodeSafetensors(Object.fromEntries(list), Object.fromEntries(metadata));
        const backward = encodeSafetensors(
          Object.fromEntries([...list].reverse()),
          Object.fromEntries([...metadata].reverse()),
        );
        expect(backward).toEqual(forward);
      }),
    );
  });

  it('gives either a result or an Error that names its function when bytes are changed, cut or added', () => {
    const edits = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 });
    const lengths = fc.integer({ min: -40, max: 40 });
    fc.assert(
      fc.property(files, edits, fc.option(lengths, { nil: 0 }), (file, changes, extra) => {
        const bytes = encodeSafetensors(Object.fromEntries(file.tensors), Object.fromEntries(file.metadata));
        const damaged = new Uint8Array(Math.max(0, bytes.length + extra));
        damaged.set(bytes.subarray(0, damaged.length));
        for (const [at, value] of changes) if (damaged.length > 0) damaged[at % damaged.length] = value;
        expectResultOrClearError(damaged);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives either a result or a clear Error for any JSON header', () => {
    const dimension = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constant(2 ** 53),
      fc.string(),
      fc.constant(null),
    );
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom<unknown>(...dtypes, 'F8_E4M3', 'toString'), fc.jsonValue()),
        shape: fc.oneof(fc.array(dimension, { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.array(dimension, { maxLength: 3 }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const headers = fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.oneof(entry, fc.jsonValue())));
    fc.assert(
      fc.property(headers, fc.nat(64), (header, dataBytes) => {
        expectResultOrClearError(fileOf(JSON.stringify(header), dataBytes));
      }),
      { numRuns: 2000 },
    );
  });
});

function fileOf(header: string, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function expectResultOrClearError(bytes: Uint8Array): void {
  try {
    decodeSafetensors(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).constructor).toBe(Error);
    expect((error as Error).message).toMatch(/^decodeSafetensors: .*[.?]$/s);
  }
}
