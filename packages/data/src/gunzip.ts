import { Gunzip } from 'fflate';
import { crc32 } from './crc32';

const MOST_EXPANSION = 1032; // deflate: 258 bytes from two bits
const CHUNK = 16 * 1024; // so at most 16 MiB of output come between two checks
const SMALLEST_GZIP = 18; // header of 10 bytes, trailer of 8

/** Whether the bytes begin with the two bytes of a gzip member, 1f 8b. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function damaged(name: string, found: string): Error {
  return new Error(`gunzip: ${name} must be a whole gzip file, ${found}. Likely fix: get the file again.`);
}

/** Inflates in chunks and stops as soon as more than `limit` bytes have come out. */
function inflateUpTo(bytes: Uint8Array, limit: number, name: string): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new Gunzip((chunk) => {
    chunks.push(chunk);
    length += chunk.length;
  });
  for (let at = 0; at < bytes.length && length <= limit; at += CHUNK) {
    try {
      stream.push(bytes.subarray(at, at + CHUNK), at + CHUNK >= bytes.length);
    } catch (cause) {
      throw damaged(
        name,
        `but its compressed data is damaged (${cause instanceof Error ? cause.message : 'unknown'})`,
      );
    }
  }
  return chunks;
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

/**
 * Decompresses a gzip file of one member, checking its length and CRC-32 (fflate checks neither).
 *
 * Memory stays below about twice the output plus 16 MiB, whatever the file claims: nothing is allocated by a declared
 * size, and decompression stops at the declared length.
 *
 * @param bytes The whole file. Borrowed.
 * @param name File name for errors.
 * @param maxBytes Largest output allowed.
 * @returns The content; the caller owns it.
 * @throws Error if the file is damaged, cut short, followed by other bytes, or larger than `maxBytes` when unpacked.
 * @see RFC 1952.
 */
export function gunzip(bytes: Uint8Array, name: string, maxBytes: number): Uint8Array {
  if (!isGzip(bytes)) throw damaged(name, 'but it does not begin with the bytes 1f 8b');
  if (bytes.length < SMALLEST_GZIP) throw damaged(name, `but it ends after ${bytes.length} bytes`);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  const declared = trailer.getUint32(4, true);
  if (declared > MOST_EXPANSION * bytes.length) {
    throw damaged(name, `but its end declares ${declared} bytes, more than its ${bytes.length} can hold`);
  }
  if (declared > maxBytes) {
    throw new Error(
      `gunzip: ${name} must unpack to at most ${maxBytes} bytes, got ${declared}. Likely fix: raise maxBytes, or get the file again if it may be cut short.`,
    );
  }
  const chunks = inflateUpTo(bytes, declared, name);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const checksum = chunks.reduce((crc, chunk) => crc32(chunk, crc), 0);
  if (length !== declared || checksum !== trailer.getUint32(0, true)) {
    throw damaged(name, 'but its length or checksum does not fit its content: it is damaged or cut short');
  }
  return join(chunks);
}
