import { element } from '../ui/elements';
import type { Palette } from './palette';

/** Half the side of the square of the plane that canvases show. */
const shown = 3.1;

/** A square canvas over the plane, y upwards. */
export interface PlaneCanvas {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the canvas per CSS pixel. */
  readonly ratio: number;
  /** Pixels along a side. */
  readonly side: number;
  /** Pixel of a coordinate. */
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** Coordinates of a place in the window. */
  at(clientX: number, clientY: number): readonly [number, number];
}

/**
 * Makes a canvas that keeps to the size of its place.
 *
 * @param onResize Called when it is empty and has to be drawn again.
 */
export function planeCanvas(className: string, onResize: () => void): PlaneCanvas {
  const canvas = element('canvas', { class: className, attributes: { role: 'img' } });
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser does not let the page draw.');
  const size = { ratio: 1, side: 0 };
  new ResizeObserver(() => {
    const ratio = Math.min(window.devicePixelRatio, 2);
    const side = Math.round(canvas.clientWidth * ratio);
    if (side === 0 || (side === size.side && ratio === size.ratio)) return;
    size.side = canvas.width = canvas.height = side;
    size.ratio = ratio;
    onResize();
  }).observe(canvas);
  return {
    canvas,
    context,
    get ratio() {
      return size.ratio;
    },
    get side() {
      return size.side;
    },
    x: (value) => ((value / shown + 1) / 2) * size.side,
    y: (value) => ((1 - value / shown) / 2) * size.side,
    at(clientX, clientY) {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return [((2 * (clientX - left)) / width - 1) * shown, (1 - (2 * (clientY - top)) / height) * shown];
    },
  };
}

/** What can be drawn on: a canvas over the plane, or a picture of one. */
export type Surface = Pick<PlaneCanvas, 'context' | 'ratio' | 'x' | 'y'>;

/** Dots at points, in one path. */
export function dots(plane: Surface, points: Float32Array, radius: number, colour: string, alpha = 1): void {
  const { context, ratio } = plane;
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [plane.x(points[i] ?? NaN), plane.y(points[i + 1] ?? NaN)];
    context.moveTo(x + radius * ratio, y);
    context.arc(x, y, radius * ratio, 0, 2 * Math.PI);
  }
  context.fill();
  context.globalAlpha = 1;
}

/** Crosses at points, in one path. */
export function crosses(plane: Surface, points: Float32Array, radius: number, colour: string): void {
  const { context, ratio } = plane;
  const arm = radius * ratio;
  context.globalAlpha = 0.75;
  context.strokeStyle = colour;
  context.lineWidth = 1.1 * ratio;
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [plane.x(points[i] ?? NaN), plane.y(points[i + 1] ?? NaN)];
    context.moveTo(x - arm, y - arm);
    context.lineTo(x + arm, y + arm);
    context.moveTo(x - arm, y + arm);
    context.lineTo(x + arm, y - arm);
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** A picture of the data, drawn once and copied often. */
export interface Backdrop {
  draw(plane: PlaneCanvas): void;
  /** Forgets the picture, since the points, the size or the colours are others. */
  renew(points: Float32Array, palette: Palette): void;
}

/** The points of the data behind everything else, with the axes of the plane. */
export function createBackdrop(): Backdrop {
  let points = new Float32Array();
  let palette: Palette | null = null;
  let made: { side: number; canvas: HTMLCanvasElement } | null = null;

  function make(plane: PlaneCanvas, colours: Palette): HTMLCanvasElement {
    const canvas = element('canvas');
    canvas.width = canvas.height = plane.side;
    const context = canvas.getContext('2d');
    if (context === null) return canvas;
    context.strokeStyle = colours.line;
    context.lineWidth = plane.ratio;
    context.beginPath();
    for (let k = -3; k <= 3; k++) {
      const [x, y] = [Math.round(plane.x(k)) + 0.5, Math.round(plane.y(k)) + 0.5];
      context.moveTo(x, 0);
      context.lineTo(x, plane.side);
      context.moveTo(0, y);
      context.lineTo(plane.side, y);
    }
    context.stroke();
    const { ratio, x, y } = plane;
    dots({ context, ratio, x, y }, points, 1.1, colours.data, 0.55);
    return canvas;
  }

  return {
    renew(nextPoints, nextPalette) {
      points = nextPoints as Float32Array<ArrayBuffer>;
      palette = nextPalette;
      made = null;
    },
    draw(plane) {
      const { context, side } = plane;
      context.clearRect(0, 0, side, side);
      if (palette === null || side === 0) return;
      if (made?.side !== side) made = { side, canvas: make(plane, palette) };
      context.drawImage(made.canvas, 0, 0);
    },
  };
}
