import type { ByteReader } from './reading';

/** What is known of a file before it is read. */
export interface FileState {
  /** In bytes; null if the server does not tell. */
  readonly size: number | null;
  /** Changes whenever the content does; null if nothing is known that would. */
  readonly version: string | null;
}

/** A file that can be read from any byte on: on a disk, on a server, in memory. Nothing is opened before it is used. */
export interface StoredFile {
  /** Path or address, for messages. */
  readonly name: string;
  /** Whether reading elsewhere costs little more than reading on: so it is for files, not for servers. */
  readonly seeksCheaply: boolean;
  /** @throws Error, one sentence, if the file is not there. */
  stat(signal?: AbortSignal): Promise<FileState>;
  /**
   * The bytes from `offset` to the end, in pieces of their own memory. Retries are its business: an error is final.
   *
   * @throws Error whose message says what is wrong as a rule and a value, without the file's name.
   */
  stream(offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Exactly `length` bytes from `offset` on. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Frees what is open. The file can be used again. */
  close(): Promise<void>;
}

/**
 * The file as something whose ranges can be read.
 *
 * @throws Error, one sentence, if it is not there or its size is not known.
 */
export async function readerOfFile(file: StoredFile, signal?: AbortSignal): Promise<ByteReader> {
  const { size } = await file.stat(signal);
  if (size === null) {
    throw new Error(
      `data: ${file.name} must be on a server that tells its size, got none. Likely fix: download it, and open the local file.`,
    );
  }
  return { name: file.name, size, read: file.read.bind(file), close: file.close.bind(file) };
}

/** A copy in memory of its own: `slice` of a Buffer would be a view. */
const copyOf = (bytes: Uint8Array, from: number, to: number) => new Uint8Array(bytes.subarray(from, to));

/** Bytes in memory as a file. */
export function fileOfBytes(name: string, bytes: Uint8Array, version: string | null = null): StoredFile {
  return {
    name,
    seeksCheaply: true,
    stat: () => Promise.resolve({ size: bytes.length, version }),
    // eslint-disable-next-line @typescript-eslint/require-await -- an asynchronous iterable is asked for
    async *stream(offset) {
      for (let at = offset; at < bytes.length; at += 65536) yield copyOf(bytes, at, at + 65536);
    },
    read: (offset, length) => Promise.resolve(copyOf(bytes, offset, offset + length)),
    close: () => Promise.resolve(),
  };
}

/** What an error says, for a sentence that it is put into. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && typeof error.code === 'string' && !error.code.startsWith('Z_')) return error.code;
  if (error.cause instanceof Error) return reasonOf(error.cause); // fetch hides the reason there
  return error.message.replace(/\.$/, '');
}
