import { element, uniqueId } from '../ui/elements';
import { gridSize } from './frame';
import type { Pictures } from './frame';
import { approach } from './paths';
import type { Palette } from './palette';
import { gridPoints } from './planeGrid';
import { createBackdrop, dots, planeCanvas } from './planeCanvas';

/** The interval that is looked at. */
export interface Interval {
  readonly r: number;
  readonly t: number;
}

/** u(z, r, t) as arrows, with sliders for r and t. */
export interface FieldPanel {
  readonly root: HTMLElement;
  show(picture: Pick<Pictures, 'field' | 'cloud' | 'carried'>): void;
  renew(points: Float32Array, palette: Palette): void;
  draw(ease: number): void;
}

/** How long an arrow of length 1 is, in the plane: neighbours do not cover each other. */
const scale = 0.11;

/** Makes the panel, with a lesson above its sliders; these call back with intervals 0 <= r <= t <= 1. */
export function fieldPanel(
  initial: Interval,
  lesson: readonly HTMLElement[],
  onChange: (interval: Interval) => void,
  onResize: () => void,
): FieldPanel {
  const plane = planeCanvas('plane', onResize);
  const { canvas, context } = plane;
  const backdrop = createBackdrop();
  const grid = gridPoints();
  let { r, t } = initial;
  let picture: Pick<Pictures, 'field' | 'cloud' | 'carried'> | null = null;
  let palette: Palette | null = null;
  let drawn: { field: Float32Array | null; cloud: Float32Array | null; carried: Float32Array | null } = {
    field: null,
    cloud: null,
    carried: null,
  };

  const slider = (name: 'r' | 't', says: string) => {
    const id = uniqueId(`time-${name}`);
    const input = element('input', {
      attributes: { type: 'range', min: '0', max: '1', step: '0.01', id, 'data-time': name },
    });
    const output = element('output', { class: 'slider-value', attributes: { for: id } });
    const label = element('label', { attributes: { for: id } }, element('var', { text: name }), ` ${says}`);
    return { input, output, row: element('div', 'slider', label, output, input) };
  };
  const sliders = { r: slider('r', 'where to go'), t: slider('t', 'where we are') };
  const together = element('input', { attributes: { type: 'checkbox' } });
  const meaning = element('p', 'field-meaning');

  function refresh(): void {
    for (const [name, value] of [
      ['r', r],
      ['t', t],
    ] as const) {
      sliders[name].input.value = String(value);
      sliders[name].output.textContent = value.toFixed(2);
      sliders[name].input.setAttribute('aria-valuetext', `${name} = ${value.toFixed(2)}`);
    }
    together.checked = r === t;
    meaning.textContent = meaningOf(r, t);
    describe();
  }

  function change(next: Interval): void {
    ({ r, t } = next);
    refresh();
    onChange({ r, t });
  }

  /** The other slider gives way, so that r never passes t. */
  sliders.r.input.addEventListener('input', () => {
    const value = Number(sliders.r.input.value);
    change({ r: value, t: together.checked ? value : Math.max(t, value) });
  });
  sliders.t.input.addEventListener('input', () => {
    const value = Number(sliders.t.input.value);
    change({ r: together.checked ? value : Math.min(r, value), t: value });
  });
  together.addEventListener('change', () => {
    change({ r: together.checked ? t : 0, t: together.checked || t > 0 ? t : 1 });
  });

  function describe(): void {
    const field = picture?.field ?? new Float32Array();
    let [sum, largest] = [0, 0];
    for (let i = 0; i < field.length; i += 2) {
      const length = Math.hypot(field[i] ?? NaN, field[i + 1] ?? NaN);
      sum += length;
      largest = Math.max(largest, length);
    }
    const mean = field.length === 0 ? 0 : sum / (field.length / 2);
    canvas.setAttribute(
      'aria-label',
      `The velocity u at r = ${r.toFixed(2)} and t = ${t.toFixed(2)} as ${gridSize} by ${gridSize} arrows: ` +
        `${mean.toFixed(2)} long on average, ${largest.toFixed(2)} at most. ${meaningOf(r, t)}`,
    );
    canvas.dataset['meanLength'] = mean.toFixed(3);
  }

  function arrows(field: Float32Array, colour: string): void {
    const { ratio } = plane;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.3 * ratio;
    for (let i = 0; i < field.length; i += 2) {
      const [x, y] = [plane.x(grid[i] ?? NaN), plane.y(grid[i + 1] ?? NaN)];
      // Against u: the way a sample goes, from noise to data.
      const dx = plane.x(-scale * (field[i] ?? NaN)) - plane.x(0);
      const dy = plane.y(-scale * (field[i + 1] ?? NaN)) - plane.y(0);
      const length = Math.hypot(dx, dy);
      context.globalAlpha = Math.min(1, 0.25 + length / (40 * ratio));
      if (length < 1.5 * ratio) {
        context.fillRect(x - ratio / 2, y - ratio / 2, ratio, ratio);
        continue;
      }
      const head = Math.min(0.45 * length, 6 * ratio) / length;
      const [tipX, tipY] = [x + dx / 2, y + dy / 2];
      context.beginPath();
      context.moveTo(x - dx / 2, y - dy / 2);
      context.lineTo(tipX, tipY);
      context.moveTo(tipX - head * (dx + 0.6 * dy), tipY - head * (dy - 0.6 * dx));
      context.lineTo(tipX, tipY);
      context.lineTo(tipX - head * (dx - 0.6 * dy), tipY - head * (dy + 0.6 * dx));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  const root = element(
    'section',
    'field-panel',
    element('figure', 'field-figure', canvas),
    element(
      'div',
      'field-controls',
      ...lesson,
      sliders.t.row,
      sliders.r.row,
      element(
        'label',
        'check',
        together,
        element(
          'span',
          {},
          'hold ',
          element('var', { text: 'r' }),
          ' = ',
          element('var', { text: 't' }),
          ' (instantaneous)',
        ),
      ),
      meaning,
      element(
        'ul',
        'legend',
        element('li', 'key key-muted', 'data on its way at time t: (1 − t) x + t e'),
        element('li', 'key key-mean', 'where one call carries it, to time r'),
      ),
    ),
  );
  refresh();
  return {
    root,
    show(next) {
      picture = next;
      describe();
    },
    renew(points, next) {
      palette = next;
      backdrop.renew(points, next);
    },
    draw(ease) {
      backdrop.draw(plane);
      if (picture === null || palette === null || plane.side === 0) return;
      drawn = {
        field: approach(drawn.field, picture.field, ease),
        cloud: approach(drawn.cloud, picture.cloud, ease),
        carried: approach(drawn.carried, picture.carried, ease),
      };
      if (drawn.cloud !== null) dots(plane, drawn.cloud, 1.7, palette.muted, 0.55);
      if (drawn.field !== null) arrows(drawn.field, palette.ink);
      if (drawn.carried !== null) dots(plane, drawn.carried, 2.1, palette.mean, 0.9);
    },
  };
}

/** What an interval means, in a sentence. */
function meaningOf(r: number, t: number): string {
  if (r === t)
    return `With r = t the arrows are the instantaneous velocity v(z, ${t.toFixed(2)}): what flow matching learns. It carries nothing anywhere by itself.`;
  if (r === 0 && t === 1)
    return 'From t = 1 to r = 0 is the whole way: each arrow is the average over all of it, so one call takes pure noise to data.';
  if (r === 0)
    return `From t = ${t.toFixed(2)} to r = 0: one call takes points that are ${percent(t)} noise straight to data.`;
  return `One call takes points from time ${t.toFixed(2)} to time ${r.toFixed(2)}, ${percent(t - r)} of the way.`;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
