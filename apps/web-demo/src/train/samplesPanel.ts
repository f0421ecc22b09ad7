import { button, element, uniqueId } from '../ui/elements';
import { createTileCanvas } from '../ui/tiles';
import type { SampleGrid } from './history';

/** How the grid of a training lies. */
interface GridForm {
  readonly numClasses: number;
  readonly classNames: readonly string[];
}

/** Samples as they grow, and the earlier ones to look back at. */
export interface SamplesPanel {
  readonly root: HTMLElement;
  /** Begins with the samples of a training so far. */
  open(form: GridForm, grids: readonly SampleGrid[]): void;
  /** Adds samples; those of a step that is there replace them. */
  add(grid: SampleGrid): void;
  /** Shows images of the data set, before there are samples. */
  preview(grid: SampleGrid, sentence: string): void;
  /** What the samples are drawn with, for their description. */
  describe(text: string): void;
}

const MOST_GRIDS = 60;
const REPLAY_MS = 90;
const WIDE = 5; // classes from which each has a column instead of a row

/** Values that the tiles show as these pixels. */
const valuesOf = ({ pixels }: SampleGrid) => Float32Array.from(pixels, (value) => (value - 127.5) / 127.5);

/** Exchanges rows and columns of a grid. */
function transposed(data: Float32Array, count: number, columns: number): Float32Array {
  const rows = count / columns;
  const size = data.length / count;
  const out = new Float32Array(data.length);
  for (let i = 0; i < count; i++) {
    const to = (i % columns) * rows + Math.floor(i / columns);
    out.set(data.subarray(i * size, (i + 1) * size), to * size);
  }
  return out;
}

/** Builds the panel. */
export function createSamplesPanel(): SamplesPanel {
  let form: GridForm = { numClasses: 0, classNames: [] };
  let grids: SampleGrid[] = [];
  let at = -1; // the grid that is shown
  let replaying = 0;
  let described = '';
  const canvas = createTileCanvas('Samples');
  const names = element('div', { class: 'sample-names', attributes: { 'aria-hidden': 'true' } });
  const frame = element('div', 'sample-frame', canvas.root);
  const id = uniqueId('timeline');
  const slider = element('input', { attributes: { id, type: 'range', min: '0', max: '0', step: '1' } });
  const caption = element('span', 'timeline-step');
  const label = element('label', { attributes: { for: id } }, 'Looking back');
  const replay = button('quiet-button', toggleReplay, 'Replay');
  const timeline = element('div', 'timeline', label, slider, caption, replay);
  timeline.hidden = true;
  const line = element('p', 'fine');
  const root = element('figure', 'samples', element('div', 'sample-sheet', names, frame), timeline, line);

  const isLive = () => at === grids.length - 1;

  function perClass(count: number): number {
    return form.numClasses === 0 ? Math.round(Math.sqrt(count)) : count / Math.min(form.numClasses, 20);
  }

  function paint(grid: SampleGrid): void {
    const [count] = grid.shape;
    const each = perClass(count);
    const isColumn = form.numClasses >= WIDE && Number.isInteger(each);
    const data = valuesOf(grid);
    const columns = isColumn ? count / each : Math.max(1, Math.round(each));
    canvas.show({ shape: grid.shape, data: isColumn ? transposed(data, count, each) : data }, { columns });
    frame.style.setProperty('--columns', String(columns));
    names.style.setProperty('--columns', String(columns));
    names.hidden = !isColumn || form.classNames.length === 0;
    if (!names.hidden && names.childElementCount !== columns) {
      names.replaceChildren(...form.classNames.slice(0, columns).map((name) => element('span', {}, name)));
    }
    const what = form.numClasses === 0 ? '' : `, ${each} of each of ${count / each} classes`;
    canvas.root.setAttribute('aria-label', `${count} samples after step ${grid.step}${what}, ${described}.`);
  }

  function show(index: number): void {
    at = Math.max(0, Math.min(index, grids.length - 1));
    const grid = grids[at];
    if (grid === undefined) return;
    slider.max = String(Math.max(0, grids.length - 1));
    slider.value = String(at);
    const step = grid.step.toLocaleString('en');
    slider.setAttribute('aria-valuetext', `step ${step}`);
    caption.textContent = `step ${step}`;
    timeline.hidden = grids.length < 2;
    paint(grid);
  }

  function stopReplay(): void {
    clearInterval(replaying);
    replaying = 0;
    replay.textContent = 'Replay';
  }

  function toggleReplay(): void {
    if (replaying !== 0) {
      stopReplay();
      return;
    }
    show(0);
    replay.textContent = 'Stop';
    replaying = window.setInterval(() => {
      show(at + 1);
      if (isLive()) stopReplay();
    }, REPLAY_MS);
  }

  slider.addEventListener('input', () => {
    stopReplay();
    show(Number(slider.value));
  });

  return {
    root,
    open(next, given) {
      stopReplay();
      form = next;
      grids = [...given];
      at = grids.length - 1;
      names.replaceChildren();
      line.textContent = '';
      timeline.hidden = true;
      show(at);
    },
    add(grid) {
      line.textContent = '';
      const wasLive = isLive();
      const size = grids.at(-1)?.pixels.length ?? grid.pixels.length;
      if (size !== grid.pixels.length) grids = [];
      grids = [...grids.filter(({ step }) => step < grid.step), grid];
      // As in the worker: of many every second stays.
      if (grids.length > MOST_GRIDS) grids = grids.filter((_, i) => (grids.length - 1 - i) % 2 === 0);
      if (wasLive || replaying === 0) show(wasLive ? grids.length - 1 : Math.min(at, grids.length - 1));
    },
    preview(grid, sentence) {
      stopReplay();
      grids = [];
      at = -1;
      timeline.hidden = true;
      names.hidden = true;
      const [count] = grid.shape;
      canvas.show(
        { shape: grid.shape, data: valuesOf(grid) },
        { columns: count >= 40 ? 8 : Math.ceil(Math.sqrt(count)) },
      );
      canvas.root.setAttribute('aria-label', sentence);
      line.textContent = sentence;
    },
    describe(text) {
      described = text;
    },
  };
}
