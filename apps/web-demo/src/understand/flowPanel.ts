import { element, uniqueId } from '../ui/elements';
import { approach, nearestParticle, positionsAt, stopsOf, wayOf } from './paths';
import type { Paths } from './paths';
import type { Palette } from './palette';
import { createBackdrop, crosses, dots, planeCanvas } from './planeCanvas';
import type { Surface } from './planeCanvas';

/** How a panel looks. */
export interface FlowPanelOptions {
  readonly id: string;
  readonly title: string;
  readonly colour: 'mean' | 'flow';
  /** The choice of the number of network calls. */
  readonly control: HTMLElement;
  /** What stands below the canvas. */
  readonly notes: readonly HTMLElement[];
  /** Called with the particle that the visitor points at; null for none. With keys it comes with a text to be read out. */
  readonly onPick: (particle: number | null, told?: string) => void;
  /** Called when the canvas is empty. */
  readonly onResize: () => void;
}

/** What one panel shows. */
interface FlowPicture {
  readonly paths: Paths;
  /** Where a single Euler step ends, to be set against the paths; null to leave it out. */
  readonly oneStep: Float32Array | null;
}

/** A canvas with particles on their way from noise to data. */
export interface FlowPanel {
  readonly root: HTMLElement;
  /** What is to be drawn from now on. */
  show(picture: FlowPicture): void;
  /** Other points, or other colours. */
  renew(points: Float32Array, palette: Palette): void;
  /**
   * Draws.
   *
   * @param share How much of the way particles have gone, in [0, 1].
   * @param ease How much closer what is drawn comes to what is to be drawn, in [0, 1].
   */
  draw(share: number, ease: number, picked: number | null): void;
  /** States the present numbers, for who sees them and who does not. */
  tell(numbers: readonly Telling[], description: string): void;
}

/** A number with its name. */
interface Telling {
  readonly name: string;
  readonly value: string;
  readonly verdict?: 'right' | 'wrong' | 'learning';
  readonly colour?: 'mean' | 'flow' | 'once';
}

/** How many particles leave a trace. */
const traced = 90;

/** Makes a panel. */
export function flowPanel(options: FlowPanelOptions): FlowPanel {
  const { colour, onPick } = options;
  const plane = planeCanvas('plane', options.onResize);
  const { canvas, context } = plane;
  const backdrop = createBackdrop();
  const noteId = uniqueId('plane-note');
  const tellings = element('dl', { class: 'tellings', attributes: { id: noteId } });
  const caption = element('figcaption', 'plane-notes', tellings, ...options.notes);
  const titleId = uniqueId('plane-title');
  const root = element(
    'figure',
    { class: `flow-panel flow-panel-${colour}`, attributes: { id: options.id, 'aria-labelledby': titleId } },
    element(
      'div',
      'flow-head',
      element('h2', { text: options.title, attributes: { id: titleId } }),
      options.control,
    ),
    canvas,
    caption,
  );
  canvas.tabIndex = 0;
  canvas.setAttribute('aria-describedby', noteId);

  let picture: FlowPicture | null = null;
  let palette: Palette | null = null;
  let drawnPaths: Float32Array | null = null;
  let drawnOnce: Float32Array | null = null;

  const pickAt = (event: PointerEvent) => {
    if (picture !== null)
      onPick(nearestParticle(picture.paths, ...plane.at(event.clientX, event.clientY), 0.35));
  };
  canvas.addEventListener('pointermove', pickAt);
  canvas.addEventListener('pointerdown', pickAt);
  canvas.addEventListener('pointerleave', () => {
    onPick(null);
  });
  let keyed = -1;
  canvas.addEventListener('keydown', (event) => {
    const { key } = event;
    if (picture === null || (key !== 'ArrowRight' && key !== 'ArrowLeft')) return;
    event.preventDefault();
    keyed = (keyed + (key === 'ArrowRight' ? 1 : traced - 1)) % traced;
    onPick(keyed, wayInWords(picture.paths, keyed, options.title));
  });
  canvas.addEventListener('blur', () => {
    onPick(null);
  });

  function line(corners: readonly number[]): void {
    for (let i = 0; i < corners.length; i += 2) {
      const [x, y] = [plane.x(corners[i] ?? NaN), plane.y(corners[i + 1] ?? NaN)];
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
  }

  function traces(paths: Paths, share: number, picked: number | null, ink: string): void {
    context.strokeStyle = ink;
    context.lineWidth = 1.2 * plane.ratio;
    context.globalAlpha = picked === null ? 0.42 : 0.12;
    context.beginPath();
    const count = Math.min(traced, paths.particles);
    for (let i = 0; i < count; i++) line(wayOf(paths, i, share));
    context.stroke();
    context.beginPath();
    for (let i = 0; i < count; i++) arrowhead(context, plane.ratio, screen(wayOf(paths, i, share)));
    context.fillStyle = ink;
    context.globalAlpha = picked === null ? 0.6 : 0.15;
    context.fill();
    context.globalAlpha = 1;
  }

  const screen = (corners: readonly number[]) =>
    corners.map((value, i) => (i % 2 === 0 ? plane.x(value) : plane.y(value)));

  function highlight(
    surface: Surface,
    paths: Paths,
    once: Float32Array | null,
    picked: number,
    colours: Palette,
  ): void {
    const way = wayOf(paths, picked, 1);
    context.lineJoin = 'round';
    if (once !== null) {
      context.beginPath();
      line([way[0] ?? NaN, way[1] ?? NaN, once[2 * picked] ?? NaN, once[2 * picked + 1] ?? NaN]);
      context.setLineDash([5 * plane.ratio, 4 * plane.ratio]);
      context.strokeStyle = colours.once;
      context.lineWidth = 2 * plane.ratio;
      context.stroke();
      context.setLineDash([]);
      dots(surface, once.subarray(2 * picked, 2 * picked + 2), 4.5, colours.once);
    }
    context.beginPath();
    line(way);
    context.strokeStyle = colours.ink;
    context.lineWidth = 2.6 * plane.ratio;
    context.stroke();
    dots(surface, Float32Array.from(way), stopsOf(paths) > 2 ? 2.4 : 3.5, colours.ink);
    context.beginPath();
    arrowhead(context, 2 * plane.ratio, screen(way));
    context.fillStyle = colours.ink;
    context.fill();
  }

  return {
    root,
    show(next) {
      picture = next;
    },
    renew(points, next) {
      palette = next;
      backdrop.renew(points, next);
    },
    draw(share, ease, picked) {
      backdrop.draw(plane);
      if (picture === null || palette === null || plane.side === 0) return;
      const { particles, values } = picture.paths;
      drawnPaths = approach(drawnPaths, values, ease);
      const paths = { particles, values: drawnPaths };
      const noise = values.subarray(0, 2 * particles);
      dots(plane, noise, 1.2, palette.muted, 0.5);
      if (picture.oneStep !== null) {
        drawnOnce = approach(drawnOnce, picture.oneStep, ease);
        const ways = new Float32Array(4 * particles);
        ways.set(noise);
        ways.set(drawnOnce, 2 * particles);
        crosses(plane, positionsAt({ particles, values: ways }, share), 2.2, palette.once);
      }
      traces(paths, share, picked, palette[colour]);
      dots(plane, positionsAt(paths, share), 2.3, palette[colour], picked === null ? 0.95 : 0.5);
      if (picked !== null && picked < particles)
        highlight(plane, paths, picture.oneStep === null ? null : drawnOnce, picked, palette);
    },
    tell(numbers, description) {
      canvas.setAttribute('aria-label', description);
      tellings.replaceChildren(
        ...numbers.map(({ name, value, verdict, colour: key }) =>
          element(
            'div',
            { class: 'telling', ...(verdict && { attributes: { 'data-verdict': verdict } }) },
            element('dt', { class: key === undefined ? '' : `key key-${key}`, text: name }),
            element('dd', { text: value }),
          ),
        ),
      );
    },
  };
}

/** Adds the head of an arrow at the end of a line, in pixels; none where the line is too short to have a direction. */
function arrowhead(context: CanvasRenderingContext2D, ratio: number, line: readonly number[]): void {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = line.slice(-4);
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (line.length < 4 || !(length > 0.5)) return;
  const [dx, dy] = [((x1 - x0) / length) * 6 * ratio, ((y1 - y0) / length) * 6 * ratio];
  context.moveTo(x1 + 0.2 * dx, y1 + 0.2 * dy);
  context.lineTo(x1 - dx - 0.5 * dy, y1 - dy + 0.5 * dx);
  context.lineTo(x1 - dx + 0.5 * dy, y1 - dy - 0.5 * dx);
}

/** Where a particle begins and ends. */
function wayInWords(paths: Paths, particle: number, title: string): string {
  const way = wayOf(paths, particle, 1);
  const place = (x = NaN, y = NaN) => `(${x.toFixed(1)}, ${y.toFixed(1)})`;
  return `${title}, particle ${particle + 1}: from noise at ${place(way[0], way[1])} to ${place(way.at(-2), way.at(-1))}.`;
}
