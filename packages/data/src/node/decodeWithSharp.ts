import type { RawImage } from '../source';

const MAX_PIXELS = 2 ** 28; // 16384 x 16384: what a header claims must not be what is allocated

/** Loads libvips at first use: it takes a moment, and a set of JPEGs does not need it. */
async function loadSharp() {
  const { default: sharp } = await import('sharp');
  sharp.cache(false); // training images do not come twice
  sharp.concurrency(1); // images are decoded side by side, each in one thread
  return sharp;
}

let loaded: ReturnType<typeof loadSharp> | null = null;

/** The first complaint of libvips, which may have several. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [first = '', second = ''] = text.split('\n').map((line) => line.trim());
  return `${first} ${first.endsWith(':') ? second : ''}`.trim();
}

/**
 * Decodes one image file with libvips: JPEG, PNG, WebP, GIF, TIFF, AVIF; of animations the first picture.
 *
 * As Pillow does without being told otherwise, it applies neither the orientation nor the colour profile that a file may
 * carry, so that pixels are what the encoder was given.
 *
 * @returns 8 bits a channel with as many channels as the file has, or what is wrong with it.
 */
export async function decodeWithSharp(bytes: Uint8Array): Promise<RawImage | string> {
  const sharp = await (loaded ??= loadSharp());
  try {
    const image = sharp(bytes, { failOn: 'warning', limitInputPixels: MAX_PIXELS, ignoreIcc: true });
    const { space } = await image.metadata();
    if (space.startsWith('b-w') || space.startsWith('grey')) image.toColourspace('b-w'); // else it becomes colour
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    const { height, width, channels } = info;
    return {
      kind: 'pixels',
      pixels: new Uint8Array(data.buffer, data.byteOffset, data.length),
      height,
      width,
      channels,
    };
  } catch (error) {
    return `the image must be decodable, got ${bytes.length} bytes and "${reasonOf(error)}"`;
  }
}
