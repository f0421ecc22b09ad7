import type { RawImage } from '../source';

/** How a pixel is computed from those around it, as Pillow names it. */
export type ResizeFilter = 'box' | 'bilinear' | 'bicubic' | 'lanczos';

interface Kernel {
  /** Half of the width, in pixels of the smaller image. */
  readonly support: number;
  readonly at: (x: number) => number;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function bicubic(x: number): number {
  const a = -0.5; // Catmull-Rom
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

const kernels: Record<ResizeFilter, Kernel> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: bicubic },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights of one axis, in units of 2^-22. */
interface Taps {
  /** First input pixel of each output pixel. */
  readonly first: Int32Array;
  /** Number of input pixels of each output pixel. */
  readonly length: Int32Array;
  /** Weights, [out, width]. */
  readonly weights: Int32Array;
  readonly width: number;
}

const PRECISION = 22;
const ONE = 2 ** PRECISION;
const HALF = 2 ** (PRECISION - 1);

function makeTaps(from: number, to: number, { support, at }: Kernel): Taps {
  const scale = from / to;
  const spread = Math.max(scale, 1); // a filter widens when an image shrinks: antialiasing
  const width = Math.ceil(support * spread) * 2 + 1;
  const [first, length] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Int32Array(to * width);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - support * spread + 0.5));
    const end = Math.min(from, Math.trunc(centre + support * spread + 0.5));
    const exact = Array.from({ length: end - begin }, (_, tap) =>
      at((begin + tap - centre + 0.5) * (1 / spread)),
    );
    const sum = exact.reduce((total, weight) => total + weight, 0);
    exact.forEach((weight, tap) => {
      const share = (sum === 0 ? weight : weight / sum) * ONE;
      weights[i * width + tap] = Math.trunc(share + (share < 0 ? -0.5 : 0.5));
    });
    first[i] = begin;
    length[i] = end - begin;
  }
  return { first, length, weights, width };
}

const REMEMBERED = 64;
const remembered = new Map<string, Taps>();

/** The weights of one axis; the latest ones are kept, since the images of a set have few sizes. */
function tapsOf(from: number, to: number, filter: ResizeFilter): Taps {
  const key = `${filter} ${from} ${to}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const taps = makeTaps(from, to, kernels[filter]);
  const [oldest] = remembered.keys();
  if (remembered.size >= REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  remembered.set(key, taps);
  return taps;
}

/** A part of the resized image. */
interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The horizontal pass: columns left .. left + width - 1 of the rows from `top` on. */
function resizeRows(image: RawImage, taps: Taps, { top, left, height, width }: Region): Uint8ClampedArray {
  const { pixels, width: from, channels } = image;
  const { first, length, weights, width: stride } = taps;
  const out = new Uint8ClampedArray(height * width * channels);
  let at = 0;
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      const begin = (y * from + (first[x] ?? 0)) * channels;
      const end = begin + (length[x] ?? 0) * channels;
      if (channels === 3) {
        let [r, g, b] = [HALF, HALF, HALF];
        for (let pixel = begin, tap = x * stride; pixel < end; pixel += 3, tap++) {
          const weight = weights[tap] ?? 0; // read once for the three
          r += Math.imul(weight, pixels[pixel] ?? 0);
          g += Math.imul(weight, pixels[pixel + 1] ?? 0);
          b += Math.imul(weight, pixels[pixel + 2] ?? 0);
        }
        out[at] = r >> PRECISION; // clamped to 0 .. 255
        out[at + 1] = g >> PRECISION;
        out[at + 2] = b >> PRECISION;
        at += 3;
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let pixel = begin + c, tap = x * stride; pixel < end; pixel += channels, tap++) {
          sum += Math.imul(weights[tap] ?? 0, pixels[pixel] ?? 0);
        }
        out[at++] = sum >> PRECISION;
      }
    }
  }
  return out;
}

/** The vertical pass: rows top .. top + height - 1, from rows of `stride` bytes of which row `base` is the first. */
function resizeColumns(
  rows: Uint8ClampedArray | Uint8Array,
  base: number,
  stride: number,
  taps: Taps,
  { top, height }: Region,
): Uint8ClampedArray {
  const out = new Uint8ClampedArray(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    const begin = (taps.first[top + y] ?? 0) - base;
    for (let tap = 0; tap < (taps.length[top + y] ?? 0); tap++) {
      const weight = taps.weights[(top + y) * taps.width + tap] ?? 0;
      const from = (begin + tap) * stride;
      for (let i = 0; i < stride; i++) sums[i] = (sums[i] ?? 0) + Math.imul(weight, rows[from + i] ?? 0);
    }
    for (let i = 0; i < stride; i++) out[y * stride + i] = (sums[i] ?? 0) >> PRECISION;
  }
  return out;
}

/** A part of the image without resizing. */
function cut(image: RawImage, { top, left, height, width }: Region): Uint8Array {
  const { pixels, width: from, channels } = image;
  const out = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const begin = ((top + y) * from + left) * channels;
    out.set(pixels.subarray(begin, begin + width * channels), y * width * channels);
  }
  return out;
}

/** A part of what {@link resizeImage} gives, for the work of that part. */
export function resizeRegion(
  image: RawImage,
  { height, width }: { height: number; width: number },
  filter: ResizeFilter,
  region: Region,
): RawImage {
  const { channels } = image;
  const result = (pixels: Uint8Array | Uint8ClampedArray): RawImage => ({
    ...{ kind: 'pixels', height: region.height, width: region.width, channels },
    pixels: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length),
  });
  const columns = width === image.width ? null : tapsOf(image.width, width, filter);
  const rows = height === image.height ? null : tapsOf(image.height, height, filter);
  const last = region.top + region.height - 1;
  const base = rows === null ? region.top : (rows.first[region.top] ?? 0);
  const end = rows === null ? last + 1 : (rows.first[last] ?? 0) + (rows.length[last] ?? 0);
  const needed = { ...region, top: base, height: end - base };
  const narrowed = columns === null ? cut(image, needed) : resizeRows(image, columns, needed);
  if (rows === null) return result(narrowed);
  return result(resizeColumns(narrowed, base, region.width * channels, rows, region));
}

function checkSide(caller: string, name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${caller}: ${name} must be an integer of at least 1, got ${value}.`);
  }
}

/** @throws RangeError unless the pixels fit the shape. */
export function checkImage(caller: string, { pixels, height, width, channels }: RawImage): void {
  checkSide(caller, 'height', height);
  checkSide(caller, 'width', width);
  checkSide(caller, 'channels', channels);
  if (pixels.length !== height * width * channels) {
    throw new RangeError(
      `${caller}: an image of ${height} x ${width} x ${channels} must have ${height * width * channels} values, got ${pixels.length}.`,
    );
  }
}

/**
 * An image at another size, byte for byte as Pillow's `Image.resize` makes it.
 *
 * One axis after the other, columns first, each rounded to bytes: out_i = (2^21 + sum_k w_ik in_k) >> 22, clipped, with
 * weights w_ik = filter((k - (i + 0.5) s + 0.5) / max(s, 1)) for s = in / out, normalised to sum 1 and rounded to
 * integers of 2^-22. So filters widen where an image shrinks (antialiasing), and edges use the pixels that there are.
 *
 * @param image Borrowed.
 * @param height Height of the result.
 * @param width Width of the result.
 * @param filter `bicubic` is the Catmull-Rom spline (a = -0.5), `lanczos` has three lobes.
 * @returns A new image, even where the size stays.
 * @throws RangeError if the pixels do not fit the image's shape, or a size is no positive integer.
 */
export function resizeImage(image: RawImage, height: number, width: number, filter: ResizeFilter): RawImage {
  checkImage('resizeImage', image);
  checkSide('resizeImage', 'the new height', height);
  checkSide('resizeImage', 'the new width', width);
  return resizeRegion(image, { height, width }, filter, { top: 0, left: 0, height, width });
}
