import type { Rgb, RgbImage } from './rgbImage';

/** Points drawn in one colour. */
export interface ScatterSeries {
  /** Coordinates, [count, 2]: x to the right, y upwards. Points that are not finite are left out. */
  readonly points: ArrayLike<number>;
  /** Default: blue for the first series, orange for the second. */
  readonly color?: Rgb;
}

/** Options of {@link scatterImage}. */
export interface ScatterOptions {
  /** Width and height in pixels, a positive integer. Default 320. */
  size?: number;
  /** The square that is shown, [-extent, extent] in x and y; > 0. Default: fits all points, and is at least 1. */
  extent?: number;
  /** Radius of a point in pixels, > 0. Default 1.6. */
  radius?: number;
  /** Opacity of a point, in (0, 1]: where points overlap, colour adds up. Default 0.35. */
  alpha?: number;
}

const palette: readonly Rgb[] = [
  [31, 95, 191],
  [230, 98, 22],
];
const MARGIN = 1.05; // a point at the rim is still drawn whole

function checkArguments(series: readonly ScatterSeries[], options: Required<ScatterOptions>): void {
  const { size, extent, radius, alpha } = options;
  const refuse = (rule: string, value: unknown) => {
    throw new RangeError(`scatterImage: ${rule}, got ${String(value)}.`);
  };
  const odd = series.find(({ points }) => points.length % 2 !== 0);
  if (odd !== undefined) refuse('points must be pairs of coordinates', `${odd.points.length} numbers`);
  if (!Number.isSafeInteger(size) || size < 1) refuse('size must be a positive integer', size);
  if (!(extent > 0 && extent < Infinity)) refuse('extent must be positive', extent);
  if (!(radius > 0 && radius < Infinity)) refuse('radius must be positive', radius);
  if (!(alpha > 0 && alpha <= 1)) refuse('alpha must be in (0, 1]', alpha);
}

/** The largest coordinate of all series, but at least 1, with a margin. */
function fittingExtent(series: readonly ScatterSeries[]): number {
  let largest = 1;
  for (const { points } of series) {
    for (const coordinate of Array.from(points)) {
      if (Number.isFinite(coordinate)) largest = Math.max(largest, Math.abs(coordinate));
    }
  }
  return MARGIN * largest;
}

/** How much of what lies below each pixel still shows after drawing the points: the product of 1 - alpha coverage. */
function transmission(points: ArrayLike<number>, options: Required<ScatterOptions>): Float32Array {
  const { size, extent, radius, alpha } = options;
  const through = new Float32Array(size * size).fill(1);
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = ((points[i] ?? NaN) / extent + 1) * (size / 2) - 0.5;
    const y = (1 - (points[i + 1] ?? NaN) / extent) * (size / 2) - 0.5;
    const reach = radius + 0.5; // the rim of the disc fades over one pixel
    const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(size - 1, Math.floor(x + reach))];
    const [top, bottom] = [Math.max(0, Math.ceil(y - reach)), Math.min(size - 1, Math.floor(y + reach))];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const coverage = Math.min(Math.max(reach - Math.hypot(column - x, row - y), 0), 1);
        const at = row * size + column;
        through[at] = (through[at] ?? 1) * (1 - alpha * coverage);
      }
    }
  }
  return through;
}

/**
 * A scatter plot of points in the plane, e.g. of a toy distribution and what a model draws from it. White background, no
 * axes; dense regions are darker; a later series lies above an earlier one.
 *
 * @param series Borrowed.
 * @returns A square picture.
 * @throws RangeError if a coordinate has no partner or an option is out of its range.
 */
export function scatterImage(series: readonly ScatterSeries[], options: ScatterOptions = {}): RgbImage {
  const { size = 320, extent = fittingExtent(series), radius = 1.6, alpha = 0.35 } = options;
  const settings = { size, extent, radius, alpha };
  checkArguments(series, settings);
  const shade = new Float32Array(size * size * 3).fill(255);
  for (const [index, { points, color = palette[index % palette.length] ?? [0, 0, 0] }] of series.entries()) {
    const through = transmission(points, settings);
    for (let i = 0; i < shade.length; i++) {
      const below = shade[i] ?? 0;
      const paint = color[i % 3] ?? 0;
      shade[i] = paint + (below - paint) * (through[Math.floor(i / 3)] ?? 1);
    }
  }
  return { width: size, height: size, data: Uint8Array.from(shade, Math.round) };
}
