/** Size of the blocks that tar files consist of. */
export const TAR_BLOCK = 512;

/** What one header block says. */
export interface TarHeader {
  readonly name: string;
  /** Bytes of content after the block. */
  readonly size: number;
  /** Character of the type flag: `0` a file, `5` a folder, `L` a long name, `x` a pax header, ... */
  readonly type: string;
}

const SIZE_AT = 124;
const CHECKSUM_AT = 148;
const TYPE_AT = 156;
const MAGIC_AT = 257;
const PREFIX_AT = 345;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const NUMBER_BYTES = 12;

const decoder = new TextDecoder();

/** Text up to the first zero byte, in UTF-8. */
function textAt(block: Uint8Array, at: number, length: number): string {
  let end = at;
  let ascii = '';
  for (; end < at + length; end++) {
    const byte = block[end] ?? 0;
    if (byte === 0) return ascii;
    if (byte >= 0x80) break;
    ascii += String.fromCharCode(byte);
  }
  if (end === at + length) return ascii;
  const zero = block.subarray(at, at + length).indexOf(0);
  return decoder.decode(block.slice(at, zero < 0 ? at + length : at + zero)); // shared memory is refused: copied
}

/** A number in octal digits, or in base 256 where its first bit is set. NaN if it is neither. */
function numberAt(block: Uint8Array, at: number, length: number): number {
  const first = block[at] ?? 0;
  if (first & 0x80) {
    let value = first & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + (block[i] ?? 0);
    return Number.isSafeInteger(value) ? value : NaN;
  }
  let i = at;
  while (i < at + length && block[i] === 0x20) i++;
  let value = 0;
  for (; i < at + length; i++) {
    const byte = block[i] ?? 0;
    if (byte === 0 || byte === 0x20) break;
    if (byte < 0x30 || byte > 0x37) return NaN;
    value = value * 8 + byte - 0x30;
  }
  return value;
}

/** Sum of the block's bytes with its checksum field taken as spaces. */
function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < CHECKSUM_AT; i++) sum += block[i] ?? 0;
  for (let i = CHECKSUM_AT + 8; i < TAR_BLOCK; i++) sum += block[i] ?? 0;
  return sum;
}

/** The same with bytes taken as signed, as some old programs did. */
function signedChecksumOf(block: Uint8Array): number {
  const high = block.reduce((n, byte, i) => {
    const counts = byte >= 0x80 && (i < CHECKSUM_AT || i >= CHECKSUM_AT + 8);
    return counts ? n + 1 : n;
  }, 0);
  return checksumOf(block) - 256 * high;
}

function isUstar(block: Uint8Array): boolean {
  return [0x75, 0x73, 0x74, 0x61, 0x72].every((byte, i) => block[MAGIC_AT + i] === byte);
}

/** Whether the block is all zeros: the end of the archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  if (block[0] !== 0) return false;
  return block.every((byte) => byte === 0);
}

/** Whether the block is surely a header: by its checksum and its magic word. What finds the next one after a damage. */
export function looksLikeHeader(block: Uint8Array): boolean {
  return isUstar(block) && typeof parseTarHeader(block) !== 'string';
}

/**
 * Reads a header block of ustar, GNU and older tar.
 *
 * @param block {@link TAR_BLOCK} bytes, not all zero.
 * @returns What is wrong with it, if it is damaged.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format".
 */
export function parseTarHeader(block: Uint8Array): TarHeader | string {
  const declared = numberAt(block, CHECKSUM_AT, 8);
  const sum = checksumOf(block);
  if (declared !== sum && declared !== signedChecksumOf(block)) {
    return `the tar header's checksum must be ${sum}, got ${declared}`;
  }
  const size = numberAt(block, SIZE_AT, NUMBER_BYTES);
  if (Number.isNaN(size)) return 'the tar header must have a size in octal digits';
  const type = block[TYPE_AT] === 0 ? '0' : String.fromCharCode(block[TYPE_AT] ?? 0x30);
  const name = textAt(block, 0, NAME_BYTES);
  const posix = isUstar(block) && block[MAGIC_AT + 5] === 0; // GNU keeps times where POSIX has the prefix
  const prefix = posix && block[PREFIX_AT] !== 0 ? textAt(block, PREFIX_AT, PREFIX_BYTES) : '';
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type };
}

/** The `path` and `size` of a pax header: records of `length key=value\n`. Null if it is damaged. */
export function parsePax(content: Uint8Array): { path?: string; size?: number } | null {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < content.length && content[at] !== 0;) {
    const space = content.indexOf(0x20, at);
    const length = Number(decoder.decode(content.slice(at, Math.max(space, at))));
    const end = at + length;
    if (space < 0 || !Number.isSafeInteger(length) || end <= space + 1 || end > content.length) return null;
    const record = decoder.decode(content.slice(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 0) return null;
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') found.path = value;
    if (key === 'size') {
      const size = Number(value);
      if (!/^\d+$/.test(value) || !Number.isSafeInteger(size)) return null;
      found.size = size;
    }
    at = end;
  }
  return found;
}
