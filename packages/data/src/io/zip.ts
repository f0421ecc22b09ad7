import { inflateSync } from 'fflate';
import { crc32 } from '../crc32';
import type { Reading } from './reading';

/** A file of an archive, as the directory at the archive's end describes it. */
export interface ZipEntry {
  /** Path within the archive, with `/`. */
  readonly name: string;
  /** 0 for stored, 8 for deflate. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const END = 0x06054b50; // "PK", 5, 6
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const LOCATOR_BYTES = 20;
const END_64_BYTES = 56;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const USUAL_EXTRA = 64; // read at once with the local header, whose extra field the directory does not tell
const MOST_EXPANSION = 1032; // deflate: 258 bytes from two bits

function fail(archive: string, problem: string): never {
  throw new Error(
    `zip: ${archive} must be a whole zip archive, but ${problem}. Likely fix: get the file again.`,
  );
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** An unsigned 64-bit number as a double; those beyond 2^53 stay far beyond any file's size. */
const uint64 = (view: DataView, at: number) =>
  view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** Position of the end record in the file's last bytes: its comment must reach to the end. -1 if there is none. */
function findEnd(tail: Uint8Array): number {
  const view = viewOf(tail);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail[at] === 0x50 && view.getUint32(at, true) === END) {
      if (at + END_BYTES + view.getUint16(at + 20, true) === tail.length) return at;
    }
  }
  return -1;
}

function* readEnd64(archive: string, endAt: number): Reading<Directory> {
  if (endAt < LOCATOR_BYTES) fail(archive, 'its zip64 locator is missing');
  const locator = viewOf(yield { offset: endAt - LOCATOR_BYTES, length: LOCATOR_BYTES });
  if (locator.getUint32(0, true) !== LOCATOR_64) fail(archive, 'its zip64 locator is missing');
  const at = uint64(locator, 8);
  if (at + END_64_BYTES > endAt) fail(archive, `its zip64 end record cannot be at byte ${at}`);
  const end = viewOf(yield { offset: at, length: END_64_BYTES });
  if (end.getUint32(0, true) !== END_64) fail(archive, `it has no zip64 end record at byte ${at}`);
  return { count: uint64(end, 32), size: uint64(end, 40), offset: uint64(end, 48) };
}

function* locateDirectory(archive: string, size: number): Reading<Directory> {
  const tailBytes = Math.min(size, END_BYTES + LONGEST_COMMENT);
  const tail = yield { offset: size - tailBytes, length: tailBytes };
  const at = findEnd(tail);
  if (at < 0) fail(archive, `its last ${tailBytes} bytes hold no end record: it is cut short or no zip`);
  const view = viewOf(tail);
  const endAt = size - tailBytes + at;
  const short = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const needs64 = short.count === 0xffff || short.size === 0xffffffff || short.offset === 0xffffffff;
  const directory = needs64 ? yield* readEnd64(archive, endAt) : short;
  if (directory.offset + directory.size > endAt || directory.count * ENTRY_BYTES > directory.size) {
    fail(
      archive,
      `its directory of ${directory.count} entries cannot be the ${directory.size} bytes from ${directory.offset} on`,
    );
  }
  return directory;
}

/** Sizes and offset from the zip64 extra field, which holds those that are 0xffffffff in the entry, in this order. */
function widen(extra: DataView, values: readonly number[]): number[] | null {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue;
    const end = Math.min(at + 4 + extra.getUint16(at + 2, true), extra.byteLength);
    let next = at + 4;
    const wide: number[] = [];
    for (const value of values) {
      if (value === 0xffffffff && next + 8 > end) return null;
      wide.push(value === 0xffffffff ? uint64(extra, next) : value);
      if (value === 0xffffffff) next += 8;
    }
    return wide;
  }
  return null;
}

/**
 * Lists the files of a zip archive from its directory, zip64 included, without reading the files themselves.
 *
 * @param archive Path or address, for messages.
 * @param size Size of the archive in bytes.
 * @throws Error, one sentence, if the directory is damaged or names bytes outside the archive.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3.
 */
export function* readZipDirectory(archive: string, size: number): Reading<ZipEntry[]> {
  const directory = yield* locateDirectory(archive, size);
  const bytes = yield { offset: directory.offset, length: directory.size };
  const view = viewOf(bytes);
  const text = new TextDecoder();
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY) {
      fail(archive, `entry ${i} of its directory is not at byte ${directory.offset + at}`);
    }
    const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    if (extraEnd > bytes.length) fail(archive, `entry ${i} of its directory reaches beyond its end`);
    const short = [
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    ];
    const extra = () => new DataView(bytes.buffer, bytes.byteOffset + nameEnd, extraEnd - nameEnd);
    const wide = short.includes(0xffffffff) ? widen(extra(), short) : short;
    const name = text.decode(bytes.subarray(at + ENTRY_BYTES, nameEnd));
    const [fullSize = 0, compressedSize = 0, offset = 0] =
      wide ?? fail(archive, `its entry ${name} lacks its zip64 sizes`);
    if (offset + LOCAL_BYTES + compressedSize > directory.offset) {
      fail(archive, `its entry ${name} of ${compressedSize} bytes cannot begin at byte ${offset}`);
    }
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      crc: view.getUint32(at + 16, true),
      compressedSize,
      size: fullSize,
      offset,
    });
    at = extraEnd + view.getUint16(at + 32, true);
  }
  return entries;
}

function checkReadable(archive: string, entry: ZipEntry): void {
  if (entry.encrypted || (entry.method !== 0 && entry.method !== 8)) {
    const what = entry.encrypted ? 'an encrypted one' : `method ${entry.method}`;
    throw new Error(
      `zip: entry ${entry.name} of ${archive} must be stored or deflated, got ${what}. Likely fix: pack it with zip's defaults.`,
    );
  }
}

/**
 * Where the bytes of a stored (not compressed) entry begin in the archive.
 *
 * @throws Error, one sentence, if its local header is damaged or the entry is not stored as it is.
 */
export function* locateZipData(archive: string, entry: ZipEntry): Reading<number> {
  checkReadable(archive, entry);
  const view = viewOf(yield { offset: entry.offset, length: LOCAL_BYTES });
  if (view.getUint32(0, true) !== LOCAL)
    fail(archive, `its entry ${entry.name} is not at byte ${entry.offset}`);
  return entry.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

function inflate(archive: string, entry: ZipEntry, packed: Uint8Array): Uint8Array {
  const wrong = (problem: string) => fail(archive, `its entry ${entry.name} ${problem}`);
  if (entry.size > MOST_EXPANSION * packed.length) {
    wrong(`declares ${entry.size} bytes, more than its ${packed.length} can hold`);
  }
  const out = new Uint8Array(entry.size + 1); // the byte more shows content that is longer than declared
  try {
    const content = inflateSync(packed, { out });
    if (content.length === entry.size) return out.subarray(0, entry.size);
  } catch (error) {
    wrong(`is damaged (${error instanceof Error ? error.message : String(error)})`);
  }
  return wrong(`does not unpack to the ${entry.size} bytes that it declares`);
}

/**
 * Content of one file of a zip archive, its CRC-32 checked.
 *
 * @param maxBytes Largest content allowed. Nothing is allocated by a size that the archive cannot hold.
 * @returns A view of the bytes that were read if the entry is stored, else a new array.
 * @throws Error, one sentence, if the entry is damaged, encrypted, packed in another way than deflate, or too large.
 */
export function* readZipEntry(
  archive: string,
  archiveSize: number,
  entry: ZipEntry,
  maxBytes = 2 ** 31,
): Reading<Uint8Array> {
  checkReadable(archive, entry);
  if (entry.size > maxBytes || entry.compressedSize > maxBytes) {
    throw new Error(
      `zip: entry ${entry.name} of ${archive} must have at most ${maxBytes} bytes, got ${entry.size}. Likely fix: raise maxBytes.`,
    );
  }
  const guess = LOCAL_BYTES + 3 * entry.name.length + USUAL_EXTRA + entry.compressedSize;
  const { offset } = entry;
  const around = yield { offset, length: Math.min(guess, archiveSize - offset) };
  const view = viewOf(around);
  if (view.getUint32(0, true) !== LOCAL) fail(archive, `its entry ${entry.name} is not at byte ${offset}`);
  const start = LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  const end = start + entry.compressedSize;
  if (offset + end > archiveSize) fail(archive, `its entry ${entry.name} reaches beyond its end`);
  const packed =
    end <= around.length
      ? around.subarray(start, end)
      : yield { offset: offset + start, length: entry.compressedSize };
  if (entry.method === 0 && entry.size !== packed.length) {
    fail(archive, `its entry ${entry.name} is stored in ${packed.length} bytes and declares ${entry.size}`);
  }
  const content = entry.method === 0 ? packed : inflate(archive, entry, packed);
  if (crc32(content) !== entry.crc) fail(archive, `the checksum of its entry ${entry.name} is wrong`);
  return content;
}
