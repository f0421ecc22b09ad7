import { centerCrop } from './centerCrop';
import type { RawImage } from '../source';
import type { ImageForm } from './imageDecoder';

/** The grey of a colour as Pillow computes it, (19595 R + 38470 G + 7471 B + 2^15) >> 16. */
function greyOf(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}

/**
 * The image with so many channels: grey is repeated, colour becomes grey as by Pillow's `convert('L')`, opacity is left
 * out.
 */
function withChannels(image: RawImage, channels: 1 | 3 | null): RawImage {
  const { pixels, height, width, channels: from } = image;
  const to = channels ?? (from < 3 ? 1 : 3);
  if (from === to) return image;
  const out = new Uint8Array(height * width * to);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const at = pixel * from;
    const [r = 0, g = 0, b = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
    if (from < 3) out.fill(r, pixel * to, (pixel + 1) * to);
    else if (to === 1) out[pixel] = greyOf(r, g, b);
    else out.set([r, g, b], pixel * to);
  }
  return { kind: 'pixels', pixels: out, height, width, channels: to };
}

/** Brings a decoded image into the form that training wants. */
export function formImage(image: RawImage, { size, channels }: ImageForm): RawImage {
  const coloured = withChannels(image, channels);
  return size === null ? coloured : centerCrop(coloured, size);
}
