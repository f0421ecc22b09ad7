import type { RgbImage } from './rgbImage';

/** Images as a network gives them, on the host. */
export interface ImageBatch {
  /** [count, height, width, channels] with 1 or 3 channels. */
  readonly shape: readonly number[];
  /** Values of about [-1, 1]. */
  readonly data: ArrayLike<number>;
}

/** Options of {@link imageGrid}. */
export interface ImageGridOptions {
  /** Images in a row, a positive integer. Default: as square as possible. */
  columns?: number;
  /** Each pixel becomes a square of this size, a positive integer. Default 1. */
  scale?: number;
  /** Pixels between images and around the grid, a natural number. Default 2. */
  gap?: number;
  /** Grey of the gaps and of unused cells, 0 .. 255. Default 255. */
  background?: number;
}

/** clip(127.5 x + 128, 0, 255), truncated: the rule that the evaluation uses too. NaN becomes 0. */
function toByte(x: number): number {
  return Math.trunc(Math.min(Math.max(127.5 * x + 128, 0), 255)) || 0;
}

/**
 * Pixels of images with values of about [-1, 1]: clip(127.5 x + 128, 0, 255), truncated. NaN becomes 0.
 *
 * @returns A new array of the same length.
 */
export function toPixels(values: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(values, toByte);
}

function requireRule(holds: boolean, rule: string, value: unknown): void {
  if (!holds) throw new RangeError(`imageGrid: ${rule}, got ${String(value)}.`);
}

function checkArguments({ shape, data }: ImageBatch, options: Required<ImageGridOptions>): void {
  const [count = 0, height = 0, width = 0, channels = 0] = shape;
  const text = `[${shape.join(', ')}]`;
  const images = shape.length === 4 && count > 0 && (channels === 1 || channels === 3);
  requireRule(
    images,
    'images must have shape [count, height, width, 1 or 3]',
    `${text}. Latents must be decoded first`,
  );
  const values = count * height * width * channels;
  requireRule(data.length === values, `images of shape ${text} must have ${values} values`, data.length);
  const { columns, scale, gap, background } = options;
  requireRule(Number.isSafeInteger(columns) && columns > 0, 'columns must be a positive integer', columns);
  requireRule(Number.isSafeInteger(scale) && scale > 0, 'scale must be a positive integer', scale);
  requireRule(Number.isSafeInteger(gap) && gap >= 0, 'gap must be a natural number', gap);
  requireRule(background >= 0 && background <= 255, 'background must be in [0, 255]', background);
}

/**
 * One picture of a batch of images, row by row: image k is in row floor(k / columns), column k mod columns.
 *
 * @param images Borrowed.
 * @returns A picture of columns (scale width + gap) + gap by rows (scale height + gap) + gap pixels.
 * @throws RangeError if the images have another shape or an option is out of its range.
 */
export function imageGrid(images: ImageBatch, options: ImageGridOptions = {}): RgbImage {
  const [count = 0, height = 0, width = 0, channels = 0] = images.shape;
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(count)));
  const { scale = 1, gap = 2, background = 255 } = options;
  checkArguments(images, { columns, scale, gap, background });

  const cellWidth = width * scale + gap;
  const cellHeight = height * scale + gap;
  const gridWidth = columns * cellWidth + gap;
  const gridHeight = Math.ceil(count / columns) * cellHeight + gap;
  const data = new Uint8Array(gridWidth * gridHeight * 3).fill(background);
  for (let k = 0; k < count; k++) {
    const left = gap + (k % columns) * cellWidth;
    const top = gap + Math.floor(k / columns) * cellHeight;
    for (let row = 0; row < height * scale; row++) {
      for (let column = 0; column < width * scale; column++) {
        const pixel = (k * height + Math.floor(row / scale)) * width + Math.floor(column / scale);
        const to = ((top + row) * gridWidth + left + column) * 3;
        for (let c = 0; c < 3; c++) {
          data[to + c] = toByte(images.data[pixel * channels + (channels === 1 ? 0 : c)] ?? NaN);
        }
      }
    }
  }
  return { width: gridWidth, height: gridHeight, data };
}
