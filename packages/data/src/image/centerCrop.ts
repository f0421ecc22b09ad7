import type { RawImage } from '../source';
import { checkImage, resizeImage, resizeRegion } from './resizeImage';

/** Rounds half to even, as Python does. */
function roundToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * The middle of an image as a square of another size, byte for byte as `center_crop_arr` of guided-diffusion (ADM) makes
 * it with Pillow: the preparation that ImageNet results are compared with.
 *
 * While the shorter side has at least 2 `size` pixels both sides are halved by a box filter; then the shorter side
 * becomes `size` by a bicubic filter, the other one round(side * (size / shorter)); and the middle is cut out, from
 * floor((side - size) / 2).
 *
 * @param image Borrowed.
 * @param size Side of the result.
 * @returns The square; the image itself if it is one of this size already.
 * @throws RangeError if the pixels do not fit the image's shape, or `size` is no positive integer.
 */
export function centerCrop(image: RawImage, size: number): RawImage {
  checkImage('centerCrop', image);
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`centerCrop: size must be an integer of at least 1, got ${size}.`);
  }
  if (image.height === size && image.width === size) return image;
  let current = image;
  while (Math.min(current.height, current.width) >= 2 * size) {
    const [height, width] = [Math.floor(current.height / 2), Math.floor(current.width / 2)];
    current = resizeImage(current, height, width, 'box');
  }
  const scale = size / Math.min(current.height, current.width);
  const [height, width] = [roundToEven(current.height * scale), roundToEven(current.width * scale)];
  const [top, left] = [Math.floor((height - size) / 2), Math.floor((width - size) / 2)];
  return resizeRegion(current, { height, width }, 'bicubic', { top, left, height: size, width: size });
}
