/** Protocol buffer encoding of the few field types that event files use. Each function gives one whole field. */

type Bytes = Uint8Array;

/** Concatenates byte arrays. */
export function concatBytes(parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A natural number below 2^53, seven bits a byte, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const tag = (field: number, type: keyof typeof wireType) => varint(field * 8 + wireType[type]);

/** An int32, int64 or enum field; `value` in [0, 2^53). */
export function integerField(field: number, value: number): Bytes {
  return Uint8Array.from([...tag(field, 'varint'), ...varint(value)]);
}

export function doubleField(field: number, value: number): Bytes {
  return concatBytes([Uint8Array.from(tag(field, 'fixed64')), new Uint8Array(Float64Array.of(value).buffer)]);
}

export function floatField(field: number, value: number): Bytes {
  return concatBytes([Uint8Array.from(tag(field, 'fixed32')), new Uint8Array(Float32Array.of(value).buffer)]);
}

/** A bytes field, or an embedded message. */
export function bytesField(field: number, value: Bytes): Bytes {
  return concatBytes([Uint8Array.from([...tag(field, 'bytes'), ...varint(value.length)]), value]);
}

export function stringField(field: number, value: string): Bytes {
  return bytesField(field, new TextEncoder().encode(value));
}
