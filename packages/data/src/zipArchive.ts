import { zipSync } from 'fflate';
import { readFrom } from './io/reading';
import type { ByteReader } from './io/reading';
import { readZipDirectory, readZipEntry } from './io/zip';

/**
 * The bytes of a zip archive of these files, in their order, not compressed. Equal files give equal bytes.
 *
 * @param files Content by path. Borrowed.
 */
export function encodeZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const earliest = new Date(1980, 0, 1); // zip stores local time and knows no earlier one
  return zipSync(files, { level: 0, mtime: earliest });
}

/** A file of an archive. */
export interface ZipFile {
  /** Path in the archive. */
  readonly name: string;
  /** Size of its content in bytes. */
  readonly size: number;
  /**
   * Its content, unpacked, the CRC-32 checked.
   *
   * @throws Error, one sentence, if it is damaged or packed in a way that is not known.
   */
  readonly read: (signal?: AbortSignal) => Promise<Uint8Array>;
}

/** Options of {@link openZip}. */
export interface OpenZipOptions {
  /** Largest content of a file, in bytes. Default 2^31. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/**
 * Lists the files of a zip archive, zip64 included, and reads each when it is asked for. Folders are left out.
 *
 * @param reader The archive. Borrowed: it must stay open until all is read.
 * @throws Error, one sentence, if its directory is damaged.
 */
export async function openZip(reader: ByteReader, options: OpenZipOptions = {}): Promise<ZipFile[]> {
  const { maxBytes, signal } = options;
  const entries = await readFrom(reader, readZipDirectory(reader.name, reader.size), signal);
  return entries
    .filter(({ name }) => !name.endsWith('/'))
    .map((entry) => ({
      name: entry.name,
      size: entry.size,
      read: (stop = signal) =>
        readFrom(reader, readZipEntry(reader.name, reader.size, entry, maxBytes), stop),
    }));
}
