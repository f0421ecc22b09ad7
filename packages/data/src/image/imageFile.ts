import { parseJpegHeader } from './jpegHeader';

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG_END = [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]; // IEND and its checksum
const PNG_COLOUR_TYPE = 25; // byte of the header; 0 and 4 are grey

function startsWith(bytes: Uint8Array, start: readonly number[], at = 0): boolean {
  return start.every((byte, i) => bytes[at + i] === byte);
}

/** Where a marker of two bytes stands last; -1 if nowhere. */
function lastMarker(bytes: Uint8Array, marker: number): number {
  for (let i = bytes.length - 2; i >= 0; i--) if (bytes[i] === 0xff && bytes[i + 1] === marker) return i;
  return -1;
}

/**
 * Whether a file has its end, as far as its format tells: a browser may show what there is of one that was cut.
 *
 * @returns What is wrong, without a full stop; null for a whole file, and for formats that it does not know.
 */
export function findCut(bytes: Uint8Array): string | null {
  const cut = (rule: string) => `${rule}, got ${bytes.length} bytes without: the file is cut short`;
  if (startsWith(bytes, [0xff, 0xd8])) {
    const header = parseJpegHeader(bytes);
    const isWhole = header !== null && lastMarker(bytes, 0xd9) > header.offset; // a thumbnail before has an end, too
    return isWhole ? null : cut('a JPEG must have an end marker');
  }
  if (startsWith(bytes, PNG)) {
    return startsWith(bytes, PNG_END, bytes.length - PNG_END.length) ? null : cut('a PNG must end with IEND');
  }
  const isRiff = new TextDecoder().decode(bytes.subarray(0, 4)) === 'RIFF' && bytes.length >= 12;
  if (!isRiff) return null;
  const size = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  return bytes.length >= size ? null : `a WebP of ${size} bytes must be whole, got ${bytes.length} bytes`;
}

/** Whether an image is stored as grey. */
export function isGrey(bytes: Uint8Array): boolean {
  if (startsWith(bytes, PNG)) return bytes[PNG_COLOUR_TYPE] === 0 || bytes[PNG_COLOUR_TYPE] === 4;
  return parseJpegHeader(bytes)?.components === 1;
}
