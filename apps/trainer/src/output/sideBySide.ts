import type { RgbImage } from '@meanflow/train';

/** Copies a picture into another one. */
function paste(target: { data: Uint8Array; width: number }, image: RgbImage, left: number): void {
  for (let row = 0; row < image.height; row++) {
    const from = row * image.width * 3;
    target.data.set(image.data.subarray(from, from + image.width * 3), (row * target.width + left) * 3);
  }
}

/**
 * Two pictures next to each other with a white gap between them.
 *
 * @param gap Width of the gap in pixels.
 * @returns A picture as high as the higher one.
 */
export function sideBySide(left: RgbImage, right: RgbImage, gap: number): RgbImage {
  const width = left.width + gap + right.width;
  const height = Math.max(left.height, right.height);
  const data = new Uint8Array(width * height * 3).fill(255);
  paste({ data, width }, left, 0);
  paste({ data, width }, right, left.width + gap);
  return { width, height, data };
}
