/** Images on the host. */
export interface Images {
  /** [count, height, width, channels]. */
  readonly shape: readonly number[];
  /** Values of about -1 .. 1. */
  readonly data: Float32Array;
}

/** How tiles lie on a canvas, in its own pixels. */
export interface TileLayout {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of the canvas for one of an image. */
  readonly scale: number;
  readonly gap: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The largest layout of whole pixels that fits a width; images larger than that keep one pixel for each of theirs, and
 * the canvas is scaled down.
 *
 * @param available Width in pixels of the screen.
 * @param gap Pixels between two tiles.
 */
export function layoutTiles(
  [count = 0, height = 1, width = 1]: readonly number[],
  columns: number,
  available: number,
  gap: number,
): TileLayout {
  const rows = Math.ceil(count / columns);
  const scale = Math.max(1, Math.floor((available - (columns - 1) * gap) / (columns * width)));
  return {
    ...{ columns, rows, scale, gap },
    width: columns * width * scale + (columns - 1) * gap,
    height: rows * height * scale + (rows - 1) * gap,
  };
}

/** The same rule as in the trainer's pictures: clip(127.5 x + 128, 0, 255), truncated. */
function toByte(value: number): number {
  return Math.trunc(Math.min(Math.max(127.5 * value + 128, 0), 255)) || 0;
}

/** Pixels of images on a canvas; gaps are transparent. Of two channels the first is shown, of many the first three. */
export function tilePixels({ shape, data }: Images, layout: TileLayout): Uint8ClampedArray<ArrayBuffer> {
  const [count = 0, height = 0, width = 0, channels = 0] = shape;
  const { columns, scale, gap } = layout;
  const pixels = new Uint8ClampedArray(layout.width * layout.height * 4);
  const isColour = channels >= 3;
  for (let k = 0; k < count; k++) {
    const left = (k % columns) * (width * scale + gap);
    const top = Math.floor(k / columns) * (height * scale + gap);
    for (let y = 0; y < height * scale; y++) {
      const row = (k * height + Math.floor(y / scale)) * width;
      let to = ((top + y) * layout.width + left) * 4;
      for (let x = 0; x < width * scale; x++, to += 4) {
        const from = (row + Math.floor(x / scale)) * channels;
        pixels[to] = toByte(data[from] ?? NaN);
        pixels[to + 1] = toByte(data[isColour ? from + 1 : from] ?? NaN);
        pixels[to + 2] = toByte(data[isColour ? from + 2 : from] ?? NaN);
        pixels[to + 3] = 255;
      }
    }
  }
  return pixels;
}

/** Whether a visitor wants nothing to move. */
function isMotionReduced(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** How {@link TileCanvas} shows images. */
interface ShowOptions {
  readonly columns: number;
  /** Pixels of CSS between two tiles. Default 2. */
  readonly gap?: number;
  /** Shown for a moment before, tile after tile; of the same shape as the images. */
  readonly before?: Float32Array;
}

/** A canvas that shows images as tiles, each pixel a square of whole pixels of the screen. */
export interface TileCanvas {
  readonly root: HTMLCanvasElement;
  show(images: Images, options: ShowOptions): void;
}

const ENOUGH = 0.93;
const GAP = 2;
const WAVE = 260; // milliseconds from the first tile to the last

/**
 * Makes a canvas of tiles, as wide as the element that it is in.
 *
 * @param label What a screen reader says of it; `label` of the canvas may be changed later.
 */
export function createTileCanvas(label: string): TileCanvas {
  const root = document.createElement('canvas');
  root.className = 'tiles';
  root.setAttribute('role', 'img');
  root.setAttribute('aria-label', label);
  let shown: { images: Images; options: ShowOptions } | null = null;
  let wave = 0;

  function paint({ images, options }: { images: Images; options: ShowOptions }): void {
    const { columns, gap = GAP, before } = options;
    const density = window.devicePixelRatio;
    const available = Math.floor((root.parentElement?.clientWidth ?? 0) * density);
    if (available === 0) return; // hidden
    const layout = layoutTiles(images.shape, columns, available, Math.round(gap * density));
    root.width = layout.width;
    root.height = layout.height;
    // A little of the width may stay free; more than that, and the pixels are stretched instead.
    const isFull = layout.width > available || layout.width < ENOUGH * available;
    root.style.width = `${(isFull ? available : layout.width) / density}px`;
    const context = root.getContext('2d');
    if (context === null) return;
    const pixelsOf = (data: Float32Array) =>
      new ImageData(tilePixels({ shape: images.shape, data }, layout), layout.width, layout.height);
    const picture = pixelsOf(images.data);
    if (before === undefined || isMotionReduced()) {
      context.putImageData(picture, 0, 0);
      return;
    }
    context.putImageData(pixelsOf(before), 0, 0);
    reveal(context, picture, layout, images.shape);
  }

  /** Puts the picture over what is there, from the upper left to the lower right. */
  function reveal(
    context: CanvasRenderingContext2D,
    picture: ImageData,
    { columns, rows, scale, gap }: TileLayout,
    [, height = 0, width = 0]: readonly number[],
  ): void {
    const begin = performance.now();
    const last = Math.max(1, columns + rows - 2);
    let done = -1; // diagonals
    const step = (now: number) => {
      const until = Math.floor(((now - begin) / WAVE) * last);
      for (let diagonal = done + 1; diagonal <= Math.min(until, last); diagonal++) {
        for (let row = Math.max(0, diagonal - columns + 1); row <= Math.min(diagonal, rows - 1); row++) {
          const left = (diagonal - row) * (width * scale + gap);
          context.putImageData(
            picture,
            0,
            0,
            left,
            row * (height * scale + gap),
            width * scale,
            height * scale,
          );
        }
      }
      done = Math.max(done, until);
      if (done < last) wave = requestAnimationFrame(step);
    };
    wave = requestAnimationFrame(step);
  }

  new ResizeObserver(() => {
    if (shown === null) return;
    cancelAnimationFrame(wave);
    const { columns, gap = GAP } = shown.options;
    paint({ images: shown.images, options: { columns, gap } });
  }).observe(root);

  return {
    root,
    show(images, options) {
      cancelAnimationFrame(wave);
      shown = { images, options };
      paint(shown);
    },
  };
}
