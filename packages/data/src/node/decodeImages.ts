import { formImage } from '../image/formImage';
import type { ImageForm } from '../image/imageDecoder';
import type { RawImage } from '../source';
import { decodeWithSharp } from './decodeWithSharp';
import { createTurboJpeg } from './turboJpeg';

let turbo: ReturnType<typeof createTurboJpeg> | null = null;

/**
 * Decodes images in this thread: JPEGs by libjpeg-turbo, all others, and those that it refuses, by sharp.
 *
 * @returns For each its pixels in the form, or what is wrong with it.
 */
export async function decodeImages(
  images: readonly Uint8Array[],
  form: ImageForm,
  signal?: AbortSignal,
): Promise<(RawImage | string)[]> {
  const jpeg = await (turbo ??= createTurboJpeg());
  const results: (RawImage | string)[] = [];
  for (const bytes of images) {
    signal?.throwIfAborted();
    let image: RawImage | string | null = jpeg.decode(bytes);
    if (image === null) {
      image = await decodeWithSharp(bytes);
      await jpeg.ready();
    }
    results.push(typeof image === 'string' ? image : formImage(image, form));
  }
  return results;
}
