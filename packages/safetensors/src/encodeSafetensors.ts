import { arrayConstructors, elementCount, METADATA_KEY, PREFIX_BYTES } from './dtypes';
import type { SafetensorsDtype, SafeTensor } from './dtypes';

const storageOrder = Object.keys(arrayConstructors) as SafetensorsDtype[];
const encoder = new TextEncoder();

/** Order of UTF-8 bytes, as the official library sorts names; UTF-16 order differs beyond the basic plane. */
function compareNames(a: string, b: string): number {
  const left = encoder.encode(a);
  const right = encoder.encode(b);
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function checkText(what: string, text: unknown): void {
  if (typeof text !== 'string') {
    throw new TypeError(
      `encodeSafetensors: ${what} must be a string, got ${typeof text}. Use JSON.stringify first.`,
    );
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw new RangeError(`encodeSafetensors: ${what} must be valid Unicode, got ${JSON.stringify(text)}.`);
  }
}

function checkTensor(name: string, tensor: SafeTensor): void {
  checkText('a tensor name', name);
  if (name === METADATA_KEY) {
    throw new RangeError(
      `encodeSafetensors: no tensor can be named ${METADATA_KEY}. Pass metadata separately.`,
    );
  }
  if (!storageOrder.includes(tensor.dtype)) {
    const known = storageOrder.join(', ');
    throw new RangeError(`encodeSafetensors: dtype of ${name} must be one of ${known}, got ${tensor.dtype}.`);
  }
  const expected = arrayConstructors[tensor.dtype];
  if (!(tensor.data instanceof expected)) {
    const got = Object.prototype.toString.call(tensor.data).slice(8, -1);
    throw new TypeError(
      `encodeSafetensors: data of ${name} must be ${expected.name} for ${tensor.dtype}, got ${got}.`,
    );
  }
  const count = elementCount(tensor.shape);
  if (count !== tensor.data.length) {
    const shape = `[${tensor.shape.join(', ')}]`;
    throw new RangeError(
      `encodeSafetensors: ${name} has shape ${shape} but ${tensor.data.length} values, expected ${count}.`,
    );
  }
}

/** JSON text of the header; written by hand since a JavaScript object moves keys like "10" to its front. */
function headerText(
  entries: readonly [string, SafeTensor][],
  metadata: Readonly<Record<string, string>>,
): string {
  const fields: string[] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => compareNames(a, b));
  if (notes.length > 0) {
    for (const [key, value] of notes) {
      checkText('a metadata key', key);
      checkText(`metadata ${key}`, value);
    }
    const text = notes.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
    fields.push(`"${METADATA_KEY}":{${text}}`);
  }
  let begin = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    const end = begin + data.byteLength;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    begin = end;
  }
  return `{${fields.join(',')}}`;
}

/**
 * Bytes of a safetensors file. The same tensors and metadata give the same bytes whatever the order of their keys:
 * tensors are stored by dtype (largest alignment first) and then by name, as the official library does, and the
 * header is padded with spaces to a multiple of 8 bytes, so that every tensor is aligned.
 *
 * @param tensors Values by name. Borrowed.
 * @param metadata Free text by key, e.g. a configuration as JSON. Default none.
 * @throws TypeError if data or metadata have the wrong type; RangeError for a name, dtype or shape that does not fit.
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, SafeTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors);
  for (const [name, tensor] of entries) checkTensor(name, tensor);
  entries.sort(
    ([nameA, a], [nameB, b]) =>
      storageOrder.indexOf(a.dtype) - storageOrder.indexOf(b.dtype) || compareNames(nameA, nameB),
  );
  const text = encoder.encode(headerText(entries, metadata));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const dataBytes = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0);

  const file = new Uint8Array(PREFIX_BYTES + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, PREFIX_BYTES, PREFIX_BYTES + headerBytes);
  file.set(text, PREFIX_BYTES);
  let position = PREFIX_BYTES + headerBytes;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}
