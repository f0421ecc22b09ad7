let tables: Uint32Array | undefined;

const SLICES = 8;

/** Table k holds the remainder of a byte followed by k zero bytes. */
function crcTables(): Uint32Array {
  const all = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    all[byte] = crc;
  }
  for (let i = 256; i < all.length; i++) {
    const before = all[i - 256] ?? 0;
    all[i] = (all[before & 0xff] ?? 0) ^ (before >>> 8);
  }
  return all;
}

/**
 * CRC-32 of RFC 1952, section 8, eight bytes at a time.
 *
 * @param bytes The next piece.
 * @param before CRC of the pieces before it. Default 0, that of nothing.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const t = (tables ??= crcTables());
  let crc = ~before;
  let at = 0;
  /* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is masked or below the end */
  for (const whole = bytes.length - 7; at < whole; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[1792 + (crc & 0xff)]! ^
      t[1536 + ((crc >>> 8) & 0xff)]! ^
      t[1280 + ((crc >>> 16) & 0xff)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = t[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  /* eslint-enable @typescript-eslint/no-non-null-assertion */
  return ~crc >>> 0;
}
