import { imageGrid } from '../imageGrid';
import type { ImageBatch } from '../imageGrid';
import type { RgbImage } from '../rgbImage';

const COMFORTABLE = 56; // pixels: small images are enlarged to about this height
const LONGEST_ROW = 32;

/** Labels for `count` samples, the classes one after the other in equal shares (which differ by one at most). */
export function spreadLabels(classes: readonly number[], count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => classes[Math.floor((i * classes.length) / count)] ?? 0);
}

/** Lengths of the stretches of equal labels. */
function stretches(labels: Int32Array): number[] {
  const starts = Array.from(labels.keys()).filter((i) => i === 0 || labels[i] !== labels[i - 1]);
  return starts.map((start, i) => (starts[i + 1] ?? labels.length) - start);
}

/** A row for each class where the classes have equally many samples, else a square. */
export function columnsFor(count: number, labels: Int32Array | null): number {
  const [first = 0, ...others] = labels === null ? [] : stretches(labels);
  const isEven = others.length > 0 && others.every((length) => length === first);
  return isEven && first <= LONGEST_ROW ? first : Math.ceil(Math.sqrt(count));
}

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
