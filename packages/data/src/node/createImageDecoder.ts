import sharp from 'sharp';
import { formImage } from '../image/formImage';
import type { ImageDecoder } from '../image/imageDecoder';
import { decodeWithSharp } from './decodeWithSharp';

/** A decoder for image files: JPEG, PNG, WebP, GIF, TIFF and AVIF. */
export function createImageDecoder(): ImageDecoder {
  sharp.cache(false); // training images do not come twice
  sharp.concurrency(1); // images are decoded side by side, each in one thread
  return {
    decode: (images, form, signal) =>
      Promise.all(
        images.map(async (bytes) => {
          signal?.throwIfAborted();
          const image = await decodeWithSharp(bytes);
          return typeof image === 'string' ? image : formImage(image, form);
        }),
      ),
    close: () => Promise.resolve(),
  };
}
