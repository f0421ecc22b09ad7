import { spreadLabels } from '@meanflow/train/run';
import type { Page } from '../shell/tab';
import { element } from '../ui/elements';
import { createTileCanvas } from '../ui/tiles';
import type { TileCanvas } from '../ui/tiles';
import { durationText } from './heroSection';
import type { OpenSubject } from './models';
import type { ModelInfo } from './service';
import { callCounts } from './settings';
import type { DrawSettings } from './settings';

/** MeanFlow beside flow matching, at several numbers of network calls. */
export interface CompareSection {
  readonly root: HTMLElement;
  /** Draws anew, as soon as it can be seen. */
  update(subject: OpenSubject, settings: DrawSettings): void;
}

const SIDE = 4;

interface Cell {
  readonly canvas: TileCanvas;
  readonly time: HTMLElement;
  readonly root: HTMLElement;
}

function createCell(method: string, calls: number): Cell {
  const callText = calls === 1 ? '1 call' : `${calls} calls`;
  const canvas = createTileCanvas(`${method} with ${callText}: not drawn yet`);
  const time = element('span', 'compare-time');
  const root = element(
    'figure',
    { class: 'compare-cell', attributes: { 'data-method': method } },
    element('div', 'compare-frame', canvas.root),
    element(
      'figcaption',
      {},
      element('span', 'compare-method', method),
      element('span', 'compare-calls', callText),
      time,
    ),
  );
  return { canvas, time, root };
}

/** Builds the section. */
export function createCompare(page: Page): CompareSection {
  const grid = element('div', 'compare-grid');
  const root = element(
    'section',
    'compare',
    element('h2', {}, 'What one call is worth'),
    element(
      'p',
      'section-lead',
      'The same noise and the same classes, drawn by MeanFlow and by a flow-matching network of the same size that was trained for as long. With one step, flow matching lands between all the images that the noise could become; MeanFlow was trained to know where the way ends.',
    ),
    grid,
  );
  let isVisible = false;
  let wanted: { subject: OpenSubject; settings: DrawSettings } | null = null;
  let turn = 0;

  async function drawRow(
    method: string,
    info: ModelInfo,
    { seed, chosenClass }: DrawSettings,
    cells: ReadonlyMap<string, Cell>,
    mine: number,
  ) {
    const { numClasses, sampleShape } = info.dataset;
    const classes = Array.from({ length: Math.max(1, Math.min(numClasses, SIDE * SIDE)) }, (_, i) => i);
    const labels = spreadLabels(chosenClass === null ? classes : [chosenClass], SIDE * SIDE);
    for (const calls of callCounts) {
      const { data, milliseconds } = await page.compute.generate.draw(info.id, { labels, seed, nfe: calls });
      const cell = cells.get(`${method} ${calls}`);
      if (mine !== turn || cell === undefined) return;
      cell.canvas.show({ shape: [labels.length, ...sampleShape], data }, { columns: SIDE, gap: 1 });
      cell.canvas.root.setAttribute(
        'aria-label',
        `${method} with ${calls} network calls: ${labels.length} images`,
      );
      cell.time.textContent = durationText(milliseconds).join(' ');
    }
  }

  async function run({ subject, settings }: { subject: OpenSubject; settings: DrawSettings }): Promise<void> {
    turn += 1;
    const mine = turn;
    const info = await subject.main();
    const rival = subject.rival();
    const own = info.kind === 'meanflow' ? 'MeanFlow' : 'flow matching';
    const methods = [own, ...(rival === null ? [] : ['flow matching'])];
    const cells = new Map<string, Cell>();
    for (const calls of callCounts) {
      for (const method of methods) cells.set(`${method} ${calls}`, createCell(method, calls));
    }
    if (mine !== turn) return;
    grid.style.setProperty('--methods', String(methods.length));
    grid.replaceChildren(...[...cells.values()].map((cell) => cell.root));
    await drawRow(own, info, settings, cells, mine);
    if (rival !== null && mine === turn) await drawRow('flow matching', await rival, settings, cells, mine);
  }

  function runWanted(): void {
    if (!isVisible || wanted === null) return;
    const now = wanted;
    wanted = null;
    run(now).catch((error: unknown) => {
      page.fail(error);
    });
  }

  new IntersectionObserver(
    (entries) => {
      isVisible = entries.some(({ isIntersecting }) => isIntersecting);
      runWanted();
    },
    { rootMargin: '0px 0px 100px 0px' },
  ).observe(root);

  return {
    root,
    update(subject, settings) {
      turn += 1;
      wanted = { subject, settings };
      runWanted();
    },
  };
}
