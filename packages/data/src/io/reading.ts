/** A piece of a file: `length` bytes from `offset` on. */
interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * A parser that jumps: it asks for ranges of a file one after the other and is given their bytes. The same parser reads
 * bytes in memory, a file and a server. It asks for ranges within the file only.
 */
export type Reading<T> = Generator<ByteRange, T, Uint8Array>;

/** Something of known size that any range can be read of: a file, a Blob, an address on a server. */
export interface ByteReader {
  /** Path or address, for messages. */
  readonly name: string;
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset` on; the caller owns them.
   *
   * @throws Error, one sentence, if they cannot be had.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Runs a parser on bytes in memory: it is given views of them. */
export function readNow<T>(bytes: Uint8Array, reading: Reading<T>): T {
  let step = reading.next();
  while (step.done !== true) {
    const { offset, length } = step.value;
    step = reading.next(bytes.subarray(offset, offset + length));
  }
  return step.value;
}

/** Runs a parser on a file. */
export async function readFrom<T>(reader: ByteReader, reading: Reading<T>, signal?: AbortSignal): Promise<T> {
  let step = reading.next();
  while (step.done !== true) {
    step = reading.next(await reader.read(step.value.offset, step.value.length, signal));
  }
  return step.value;
}

/** A reader of bytes in memory. */
export function readerOfBytes(name: string, bytes: Uint8Array): ByteReader {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length))),
    close: () => Promise.resolve(),
  };
}
