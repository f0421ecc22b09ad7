import { inParallel } from '../io/inParallel';
import type { RawImage } from '../source';
import { formImage } from './formImage';
import { findCut, isGrey } from './imageFile';
import type { ImageDecoder } from './imageDecoder';
import { hideExif } from './jpegHeader';

const DECODED_AT_ONCE = 8; // the browser decodes in threads of its own; each bitmap takes memory
const MAX_PIXELS = 2 ** 28;

/** The pixels of a bitmap, red, green, blue and opacity. */
function readBitmap(bitmap: ImageBitmap): RawImage {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('internal: an OffscreenCanvas has no 2d context.');
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { kind: 'pixels', pixels, height, width, channels: 4 };
}

async function decodeOne(bytes: Uint8Array): Promise<RawImage | string> {
  const cut = findCut(bytes);
  if (cut !== null) return cut;
  let bitmap: ImageBitmap | null = null;
  try {
    const options = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
    bitmap = await createImageBitmap(new Blob([hideExif(bytes) as Uint8Array<ArrayBuffer>]), options);
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS)
      return `the image must have at most ${MAX_PIXELS} pixels, got ${width} x ${height}`;
    return readBitmap(bitmap);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the image must be decodable, got ${bytes.length} bytes and "${reason}"`;
  } finally {
    bitmap?.close();
  }
}

/**
 * A decoder that works in browsers and their workers, by createImageBitmap: every format that the browser knows.
 *
 * Pixels are those of Node's decoder: colours are not converted, and pictures not turned. Only under transparent pixels
 * colours are lost. Files that are cut short are damaged ones, even where the browser would show what there is.
 */
export function createBitmapDecoder(): ImageDecoder {
  return {
    decode: (images, form, signal) =>
      inParallel(images, DECODED_AT_ONCE, async (bytes) => {
        signal?.throwIfAborted();
        const image = await decodeOne(bytes);
        if (typeof image === 'string') return image;
        const channels = form.channels ?? (isGrey(bytes) ? 1 : 3);
        // What is stored as grey has the same red, green and blue: any of them is it.
        return formImage(image, { ...form, channels });
      }),
    close: () => Promise.resolve(),
  };
}
