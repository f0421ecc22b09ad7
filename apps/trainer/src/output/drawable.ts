import { imageGrid } from '@meanflow/train';
import type { ImageBatch, RgbImage } from '@meanflow/train';

const COMFORTABLE = 56; // pixels: small images are enlarged to about this height

/** Images with the channels that a picture can show: of two the first, of more than three the first three. */
export function drawable({ shape, data }: ImageBatch): ImageBatch {
  const [count = 0, height = 0, width = 0, channels = 0] = shape;
  if (channels === 1 || channels === 3) return { shape, data };
  const shown = channels > 3 ? 3 : 1;
  const pixels = count * height * width;
  const picked = Float32Array.from(
    { length: pixels * shown },
    (_, i) => data[Math.floor(i / shown) * channels + (i % shown)] ?? 0,
  );
  return { shape: [count, height, width, shown], data: picked };
}

/** A picture of images in rows; small ones are enlarged. */
export function gridPicture(images: ImageBatch, columns: number): RgbImage {
  const shown = drawable(images);
  const scale = Math.max(1, Math.round(COMFORTABLE / (shown.shape[1] ?? COMFORTABLE)));
  return imageGrid(shown, { columns, scale, gap: 2 });
}
