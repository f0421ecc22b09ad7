import { encode } from 'fast-png';

/** A picture of 8 bits a channel: red, green, blue of each pixel, rows from the top. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]. */
  readonly data: Uint8Array;
}

/** A colour, each channel 0 .. 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The bytes of a PNG file; equal images give equal bytes. */
export function encodePng({ width, height, data }: RgbImage): Uint8Array {
  return encode({ width, height, data, channels: 3, depth: 8 });
}
