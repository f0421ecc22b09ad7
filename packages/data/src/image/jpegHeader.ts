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

/** Whether a marker begins a frame: SOF0 .. SOF15 without DHT, JPG and DAC, which lie among them. */
function beginsFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Whether a marker stands alone, without a segment: TEM, RST0 .. RST7, SOI. */
function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
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
  if (at(0) !== 0xff || at(1) !== 0xd8) return null;
  let i = 2;
  while (i + 9 < bytes.length) {
    if (at(i) !== 0xff) return null;
    const marker = at(i + 1);
    if (marker === 0xff || isAlone(marker)) {
      i += marker === 0xff ? 1 : 2; // a fill byte, or a marker by itself
      continue;
    }
    if (beginsFrame(marker)) {
      const [height, width] = [256 * at(i + 5) + at(i + 6), 256 * at(i + 7) + at(i + 8)];
      return {
        width,
        height,
        components: at(i + 9),
        precision: at(i + 4),
        process: marker - 0xc0,
        offset: i,
      };
    }
    if (marker === START_OF_SCAN) return null;
    i += 2 + Math.max(2, 256 * at(i + 2) + at(i + 3));
  }
  return null;
}
