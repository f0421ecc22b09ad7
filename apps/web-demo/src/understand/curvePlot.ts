import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { element } from '../ui/elements';
import type { History } from './history';
import type { Palette } from './palette';

/** One curve of a plot. */
export interface Curve {
  readonly name: string;
  readonly colour: 'mean' | 'flow' | 'once' | 'muted';
  readonly isDashed?: boolean;
}

/** Curves over steps, their present values beside their names. */
export interface CurvePlot {
  readonly root: HTMLElement;
  /** Colours are others: makes the plot anew. */
  renew(palette: Palette): void;
  draw(): void;
}

const height = 190;
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a const enum, which has no values at run time
const logarithmic: uPlot.Scale = { distr: 3 };

/** Shortest text of a value: three digits that count. */
export function shortNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value < 0.0005 && value > -0.0005) return '0.000';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) < 1 ? 3 : 2);
}

/**
 * A plot of a history.
 *
 * @param history Borrowed; read at each `draw`.
 * @param note What the curves mean.
 */
export function curvePlot(
  title: string,
  curves: readonly Curve[],
  history: History,
  options: { readonly isLogarithmic?: boolean; readonly note: HTMLElement },
): CurvePlot {
  const place = element('div', { class: 'curve-place', attributes: { role: 'img' } });
  const values = curves.map(() => element('span', 'curve-value', '–'));
  const legend = element(
    'ul',
    'legend',
    ...curves.map(({ name, colour, isDashed }, i) =>
      element(
        'li',
        `key key-${colour}${isDashed === true ? ' key-dashed' : ''}`,
        `${name} `,
        values[i] ?? '',
      ),
    ),
  );
  const root = element(
    'figure',
    'curve-plot',
    element('h3', { text: title }),
    place,
    element('figcaption', {}, legend, options.note),
  );
  let plot: uPlot | null = null;

  const data = () => history.columns as uPlot.AlignedData;
  function make(palette: Palette): uPlot {
    const axis: uPlot.Axis = {
      stroke: palette.muted,
      font: '11px system-ui, sans-serif',
      grid: { stroke: palette.line, width: 1 },
      ticks: { stroke: palette.line, width: 1, size: 4 },
      gap: 3,
    };
    return new uPlot(
      {
        width: Math.max(place.clientWidth, 120),
        height,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false },
          y: options.isLogarithmic === true ? logarithmic : {},
        },
        axes: [
          {
            ...axis,
            size: 26,
            space: 60,
            values: (_, splits) => splits.map((step) => step.toLocaleString('en')),
          },
          {
            ...axis,
            size: 44,
            values: (_, splits) =>
              splits.map((value) =>
                (value as number | null) === null ? '' : String(Number(value.toPrecision(2))),
              ),
          },
        ],
        series: [
          {},
          ...curves.map(({ name, colour, isDashed }) => ({
            label: name,
            stroke: palette[colour],
            width: isDashed === true ? 1.2 : 1.8,
            points: { show: false },
            spanGaps: true,
            ...(isDashed === true && { dash: [5, 4] }),
          })),
        ],
      },
      data(),
      place,
    );
  }
  new ResizeObserver(() => {
    if (place.clientWidth > 0) plot?.setSize({ width: place.clientWidth, height });
  }).observe(place);

  return {
    root,
    renew(palette) {
      plot?.destroy();
      plot = make(palette);
    },
    draw() {
      plot?.setData(data());
      const last = history.columns.slice(1).map((column) => column.findLast((value) => value !== null));
      for (const [i, value] of last.entries()) {
        const target = values[i];
        if (target !== undefined) target.textContent = shortNumber(value);
      }
      const step = history.columns[0]?.at(-1);
      const told = curves.map(({ name }, i) => `${name} ${shortNumber(last[i])}`).join(', ');
      place.setAttribute(
        'aria-label',
        step == null
          ? `${title}: nothing yet.`
          : `${title} over steps, now at step ${step.toFixed(0)}: ${told}.`,
      );
    },
  };
}
