import sharp from 'sharp';
import type { RawImage } from '../source';

const MAX_PIXELS = 2 ** 28; // 16384 x 16384: what a header claims must not be what is allocated

/**
 * Decodes one image file with libvips: JPEG, PNG, WebP, GIF, TIFF, AVIF; of animations the first picture.
 *
 * As Pillow does without being told otherwise, it applies neither the orientation nor the colour profile that a file may
 * carry, so that pixels are what the encoder was given.
 *
 * @returns 8 bits a channel with as many channels as the file has, or what is wrong with it.
 */
export async function decodeWithSharp(bytes: Uint8Array): Promise<RawImage | string> {
  try {
    const { data, info } = await sharp(bytes, {
      failOn: 'truncated',
      limitInputPixels: MAX_PIXELS,
      ignoreIcc: true,
    })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { height, width, channels } = info;
    return {
      kind: 'pixels',
      pixels: new Uint8Array(data.buffer, data.byteOffset, data.length),
      height,
      width,
      channels,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the image must be decodable, got ${bytes.length} bytes and "${reason.replaceAll(/\s+/g, ' ').trim()}"`;
  }
}
