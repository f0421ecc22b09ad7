import type { SafetensorsDtype } from '@meanflow/safetensors';
import type { Reading } from '../io/reading';

/** A tensor of a file and where its values lie. */
export interface StoredTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** First byte in the file. */
  readonly offset: number;
  readonly bytes: number;
}

const PREFIX = 8;
const LONGEST_HEADER = 100_000_000; // the official library's limit

const widths: Readonly<Record<SafetensorsDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  U16: 2,
  U32: 4,
  BOOL: 1,
};

function fail(name: string, problem: string): never {
  throw new Error(
    `safetensors: ${name} must be a whole safetensors file, but ${problem}. Likely fix: get the file again.`,
  );
}

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function tensorOf(name: string, key: string, value: unknown, start: number, size: number): StoredTensor {
  const { dtype, shape, data_offsets: range } = isRecord(value) ? value : {};
  if (typeof dtype !== 'string' || !Object.hasOwn(widths, dtype)) {
    fail(name, `tensor ${key} is of type ${(JSON.stringify(dtype) as string | undefined) ?? 'undefined'}`);
  }
  const known = dtype as SafetensorsDtype;
  const [begin, end] = Array.isArray(range) ? (range as unknown[]) : [];
  if (!Array.isArray(shape) || !shape.every(isNatural) || !isNatural(begin) || !isNatural(end)) {
    fail(name, `tensor ${key} has no shape or place`);
  }
  const needed = shape.reduce((product: number, n: number) => product * n, widths[known]);
  if (end - begin !== needed || start + end > size) {
    fail(
      name,
      `tensor ${key} needs ${needed} bytes, has ${end - begin}, and ends at byte ${start + end} of ${size}`,
    );
  }
  return { dtype: known, shape, offset: start + begin, bytes: needed };
}

/**
 * Reads the header of a safetensors file, not its values.
 *
 * @param name Path or address, for messages.
 * @throws Error, one sentence, if it is damaged or a tensor lies outside the file.
 * @see https://github.com/huggingface/safetensors#format
 */
export function* readSafetensorsHeader(name: string, size: number): Reading<Map<string, StoredTensor>> {
  if (size < PREFIX) fail(name, `it has ${size} bytes`);
  const prefix = yield { offset: 0, length: PREFIX };
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  const start = PREFIX + length;
  if (length > LONGEST_HEADER || start > size) fail(name, `its header is to have ${length} bytes`);
  const text = yield { offset: PREFIX, length };
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text.slice()));
  } catch {
    fail(name, 'its header is no JSON');
  }
  if (!isRecord(header)) fail(name, 'its header is no JSON object');
  const entries = Object.entries(header).filter(([key]) => key !== '__metadata__');
  return new Map(entries.map(([key, value]) => [key, tensorOf(name, key, value, start, size)]));
}
