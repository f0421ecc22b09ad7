/** What the header of a JPEG says of its picture. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colour, 4 CMYK. */
  readonly components: number;
  /** Bits a component. */
  readonly precision: number;
  /** How it is coded: 0 and 1 are sequential, 2 is progressive, others are rare. */
  readonly process: number;
  /** Where the frame header begins, in bytes. */
  readonly offset: number;
}

const START_OF_SCAN = 0xda;
const EXIF = 0xe1; // APP1
const COMMENT = 0xfe;

/** Whether a marker begins a frame: SOF0 .. SOF15 without DHT, JPG and DAC, which lie among them. */
function beginsFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Whether a marker stands alone, without a segment: TEM, RST0 .. RST7, SOI. */
function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/**
 * The segments of a JPEG before its first scan.
 *
 * @see ITU-T T.81, B.1.1.
 */
function* segmentsOf(bytes: Uint8Array): Generator<{ marker: number; offset: number }> {
  const at = (i: number) => bytes[i] ?? 0;
  if (at(0) !== 0xff || at(1) !== 0xd8) return;
  let i = 2;
  while (i + 3 < bytes.length && at(i) === 0xff) {
    const marker = at(i + 1);
    if (marker === START_OF_SCAN) return;
    if (marker === 0xff || isAlone(marker)) {
      i += marker === 0xff ? 1 : 2; // a fill byte, or a marker by itself
      continue;
    }
    yield { marker, offset: i };
    i += 2 + Math.max(2, 256 * at(i + 2) + at(i + 3));
  }
}

/**
 * Reads the frame header of a JPEG.
 *
 * @param bytes A file. Borrowed.
 * @returns null if it is none, or ends before the frame header.
 * @see ITU-T T.81, B.2.2.
 */
export function parseJpegHeader(bytes: Uint8Array): JpegHeader | null {
  const at = (i: number) => bytes[i] ?? 0;
  for (const { marker, offset } of segmentsOf(bytes)) {
    if (!beginsFrame(marker)) continue;
    if (offset + 9 >= bytes.length) return null;
    const height = 256 * at(offset + 5) + at(offset + 6);
    const width = 256 * at(offset + 7) + at(offset + 8);
    const [precision, components] = [at(offset + 4), at(offset + 9)];
    return { width, height, components, precision, process: marker - 0xc0, offset };
  }
  return null;
}

/**
 * The JPEG with its Exif segments as comments, so that nobody turns its picture.
 *
 * @param bytes A file. Borrowed.
 * @returns The file itself if there is nothing to hide.
 */
export function hideExif(bytes: Uint8Array): Uint8Array {
  const places = [...segmentsOf(bytes)].filter(({ marker }) => marker === EXIF);
  if (places.length === 0) return bytes;
  const copy = new Uint8Array(bytes);
  for (const { offset } of places) copy[offset + 1] = COMMENT;
  return copy;
}
