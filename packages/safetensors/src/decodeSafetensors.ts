import { arrayConstructors, elementCount, MAX_HEADER_BYTES, METADATA_KEY, PREFIX_BYTES } from './dtypes';
import type { SafetensorsDtype, SafeTensor } from './dtypes';

/** Contents of a file. */
export interface SafetensorsFile {
  tensors: Record<string, SafeTensor>;
  /** Free text by key; empty if the file has none. */
  metadata: Record<string, string>;
}

/** A checked entry of the header; offsets count from the first byte after the header. */
interface Entry {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  begin: number;
  end: number;
}

function fail(problem: string): never {
  throw new Error(`decodeSafetensors: ${problem}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value from the header for an error message, cut to a readable length. */
function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  const total = String(bytes.length);
  if (bytes.length < PREFIX_BYTES) fail(`a file must have at least 8 bytes, got ${total}. It is truncated.`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    fail(`the header must have at most ${MAX_HEADER_BYTES} bytes, got ${length}. Not safetensors?`);
  }
  const dataStart = PREFIX_BYTES + Number(length);
  if (dataStart > bytes.length) {
    fail(`the header ends at byte ${dataStart} but the file has ${total}. It is truncated.`);
  }
  let header: unknown;
  try {
    // Copied: browsers refuse to decode text from shared memory.
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice(PREFIX_BYTES, dataStart)),
    );
  } catch (error) {
    fail(
      `the header must be JSON in UTF-8, got an error: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (!isRecord(header)) fail(`the header must be a JSON object, got ${show(header)}.`);
  return { header, dataStart };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) fail(`${METADATA_KEY} must be an object of strings, got ${show(value)}.`);
  const entries = Object.entries(value).map(([key, text]): [string, string] =>
    typeof text === 'string'
      ? [key, text]
      : fail(`metadata ${show(key)} must be a string, got ${show(text)}.`),
  );
  return Object.fromEntries(entries);
}

function readEntry(name: string, value: unknown): Entry {
  const label = `tensor ${show(name)}`;
  if (!isRecord(value)) fail(`${label} must be a JSON object, got ${show(value)}.`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(arrayConstructors, dtype)) {
    fail(`${label} must have a dtype of ${Object.keys(arrayConstructors).join(', ')}, got ${show(dtype)}.`);
  }
  const known = dtype as SafetensorsDtype;
  const count = Array.isArray(shape) ? elementCount(shape) : NaN;
  if (Number.isNaN(count)) fail(`${label} must have a shape of natural numbers, got ${show(shape)}.`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || (begin as number) < 0) {
    fail(`${label} must have data_offsets of two natural numbers, got ${show(offsets)}.`);
  }
  const range = { begin: begin as number, end: end as number };
  const needed = count * arrayConstructors[known].BYTES_PER_ELEMENT;
  if (range.end - range.begin !== needed) {
    const held = String(range.end - range.begin);
    fail(`${label} of shape ${show(shape)} needs ${needed} bytes as ${known}, its range has ${held}.`);
  }
  return { name, dtype: known, shape: [...(shape as number[])], ...range };
}

/** Every byte of the data must belong to exactly one tensor, as the official library demands. */
function checkRanges(entries: readonly Entry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const problem = begin < covered ? 'overlaps the tensor before it' : 'leaves a gap before it';
      fail(`the range of tensor ${show(name)} must begin at byte ${covered} but ${problem}: ${begin}.`);
    }
    if (end > dataBytes) {
      const have = String(dataBytes);
      fail(`tensor ${show(name)} ends at byte ${end} of the data, which has ${have}. The file is truncated.`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    fail(`the tensors cover ${covered} bytes of data but the file has ${dataBytes}.`);
  }
}

function readTensor(bytes: Uint8Array, dataStart: number, entry: Entry): SafeTensor {
  const { dtype, shape, begin, end } = entry;
  const Values = arrayConstructors[dtype];
  const offset = bytes.byteOffset + dataStart + begin;
  const aligned = offset % Values.BYTES_PER_ELEMENT === 0;
  const data = aligned
    ? new Values(bytes.buffer, offset, (end - begin) / Values.BYTES_PER_ELEMENT)
    : new Values(new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end)).buffer); // a Buffer's slice is a view
  return { dtype, shape, data } as SafeTensor;
}

/**
 * Reads a safetensors file, checking everything that its header claims.
 *
 * @param bytes The whole file. The tensors' data are views of it where they are aligned (files of this package and of
 *   the official library are, if `bytes` itself starts at a multiple of 8) and copies where they are not.
 * @throws Error if the file is truncated, is not safetensors, has a dtype that this package does not know, or has
 *   ranges that overlap, leave gaps or do not fit their shape; the message names the tensor.
 * @see https://github.com/huggingface/safetensors#format
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]) => readEntry(name, value));
  checkRanges(entries, bytes.length - dataStart);
  return {
    tensors: Object.fromEntries(entries.map((entry) => [entry.name, readTensor(bytes, dataStart, entry)])),
    metadata: readMetadata(header[METADATA_KEY]),
  };
}
