import { zipSync } from 'fflate';
import { readFrom, readNow } from './io/reading';
import type { ByteReader } from './io/reading';
import { readZipDirectory, readZipEntry } from './io/zip';
import { decodeNpy, encodeNpy } from './npy';
import type { NpyArray } from './npy';

/**
 * The bytes of a `.npz` file, as `numpy.savez` writes it: a zip of `.npy` files, not compressed. Equal arrays give equal
 * bytes.
 */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  const earliest = new Date(1980, 0, 1); // zip stores local time and knows no earlier one
  return zipSync(Object.fromEntries(files), { level: 0, mtime: earliest });
}

/** Options of {@link decodeNpz}. */
export interface DecodeNpzOptions {
  /** File name, for errors. Default `the file`. */
  name?: string;
  /** Largest size of an array, in bytes. Default 2^31. */
  maxBytes?: number;
}

/**
 * Reads a `.npz` file as `numpy.savez` and `numpy.savez_compressed` write it; see {@link decodeNpy} for the types.
 *
 * @param bytes The whole file. Borrowed: uint8 arrays that are not compressed are views of it.
 * @returns Its arrays by their names, in the order of the file.
 * @throws Error, one sentence, if the archive or an array in it is damaged, or an array is larger than `maxBytes`.
 */
export function decodeNpz(bytes: Uint8Array, options: DecodeNpzOptions = {}): Record<string, NpyArray> {
  const { name = 'the file', maxBytes } = options;
  const arrays = readNow(bytes, readZipDirectory(name, bytes.length))
    .filter((entry) => entry.name.endsWith('.npy'))
    .map((entry) => {
      const content = readNow(bytes, readZipEntry(name, bytes.length, entry, maxBytes));
      const key = entry.name.slice(0, -'.npy'.length);
      return [key, decodeNpy(content, { name: `${key} of ${name}` })] as const;
    });
  return Object.fromEntries(arrays);
}

/** Options of {@link readNpz}. */
export interface ReadNpzOptions {
  /** Names of the arrays to read. Default all. */
  only?: readonly string[];
  /** Largest size of an array, in bytes. Default 2^31. */
  maxBytes?: number;
}

/**
 * Reads some arrays of a `.npz` file, and of the file no more than these and its directory: files of any size will do.
 *
 * @param reader The file. It stays open.
 * @returns The arrays that are there, by their names.
 * @throws Error, one sentence, as {@link decodeNpz} does.
 */
export async function readNpz(
  reader: ByteReader,
  options: ReadNpzOptions = {},
): Promise<Record<string, NpyArray>> {
  const { only, maxBytes } = options;
  const arrays: Record<string, NpyArray> = {};
  for (const entry of await readFrom(reader, readZipDirectory(reader.name, reader.size))) {
    const key = entry.name.slice(0, -'.npy'.length);
    if (!entry.name.endsWith('.npy') || only?.includes(key) === false) continue;
    const content = await readFrom(reader, readZipEntry(reader.name, reader.size, entry, maxBytes));
    arrays[key] = decodeNpy(content, { name: `${key} of ${reader.name}` });
  }
  return arrays;
}
