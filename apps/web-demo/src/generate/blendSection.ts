import type { Page } from '../shell/tab';
import { element } from '../ui/elements';
import { createTileCanvas } from '../ui/tiles';
import { durationText } from './heroSection';
import type { OpenSubject } from './models';
import type { ModelInfo } from './service';
import type { DrawSettings } from './settings';

/** Pictures between four noises, by dragging. */
export interface BlendSection {
  readonly root: HTMLElement;
  /** Draws anew, as soon as it can be seen. */
  update(subject: OpenSubject, settings: DrawSettings): void;
}

const SIDE = 6; // pictures of the map along an edge
const STEP = 0.05; // of an arrow key

type Point = readonly [x: number, y: number];

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/** Points of the map, at the middles of its fields. */
const mapPoints: readonly Point[] = Array.from({ length: SIDE * SIDE }, (_, i) => [
  (i % SIDE) / (SIDE - 1),
  Math.floor(i / SIDE) / (SIDE - 1),
]);

/** Builds the section. */
export function createBlend(page: Page): BlendSection {
  const map = createTileCanvas('Pictures between four noises');
  const handle = element('div', { class: 'pad-handle', attributes: { 'aria-hidden': 'true' } });
  const pad = element(
    'div',
    {
      class: 'pad',
      attributes: {
        ...{ role: 'slider', tabindex: '0', 'aria-label': 'Place between the four noises' },
        ...{ 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': '50' },
      },
    },
    map.root,
    handle,
  );
  const live = createTileCanvas('Every class from the noise at this place');
  const time = element('p', 'blend-time');
  const root = element(
    'section',
    'blend',
    element('h2', {}, 'Between noises'),
    element(
      'p',
      'section-lead',
      'At the corners of the square are four noises; every place between them is a noise too. Drag over it, or use the arrow keys: each move is one network call that draws every class from the noise at that place.',
    ),
    element(
      'div',
      'blend-row',
      element('div', 'pad-frame', pad),
      element('div', 'live', element('div', 'live-frame', live.root), time),
    ),
  );
  let at: Point = [0.5, 0.5];
  let isVisible = false;
  let isRunning = false;
  let state: { subject: OpenSubject; settings: DrawSettings; isNew: boolean } | null = null;
  let isMoved = false;

  function showHandle(): void {
    const [x, y] = at;
    handle.style.left = `${100 * x}%`;
    handle.style.top = `${100 * y}%`;
    pad.setAttribute('aria-valuenow', String(Math.round(100 * x)));
    pad.setAttribute(
      'aria-valuetext',
      `${Math.round(100 * x)} % to the right, ${Math.round(100 * y)} % down`,
    );
  }

  async function drawMap(info: ModelInfo, { seed, chosenClass }: DrawSettings): Promise<void> {
    const { numClasses, sampleShape } = info.dataset;
    const label = chosenClass ?? Math.min(3, Math.max(0, numClasses - 1));
    const labels = Int32Array.of(label);
    const { data } = await page.compute.generate.blend(info.id, { labels, seed, points: mapPoints });
    map.show({ shape: [SIDE * SIDE, ...sampleShape], data }, { columns: SIDE, gap: 0 });
    map.root.setAttribute('aria-label', `${SIDE * SIDE} pictures between four noises`);
  }

  async function drawLive(info: ModelInfo, { seed }: DrawSettings): Promise<void> {
    const { numClasses, sampleShape } = info.dataset;
    const count = Math.max(1, Math.min(numClasses, 10));
    const labels = Int32Array.from({ length: count }, (_, i) => i);
    const { data, milliseconds } = await page.compute.generate.blend(info.id, { labels, seed, points: [at] });
    live.show({ shape: [count, ...sampleShape], data }, { columns: Math.ceil(count / 2), gap: 2 });
    time.textContent = `${count === 1 ? 'One picture' : `${count} pictures`} in one network call, ${durationText(milliseconds).join(' ')}`;
  }

  /** Draws what is asked for until nothing more is; what was asked meanwhile is drawn once. */
  async function work(): Promise<void> {
    if (isRunning || !isVisible) return;
    isRunning = true;
    try {
      while (state !== null && (state.isNew || isMoved)) {
        const { subject, settings, isNew } = state;
        state = { subject, settings, isNew: false };
        isMoved = false;
        const info = await subject.main();
        await drawLive(info, settings);
        if (isNew) await drawMap(info, settings);
      }
    } catch (error) {
      page.fail(error);
    } finally {
      isRunning = false;
    }
  }

  function move(x: number, y: number): void {
    at = [clamp(x), clamp(y)];
    isMoved = true;
    showHandle();
    void work();
  }

  const follow = (event: PointerEvent) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    move((event.clientX - left) / width, (event.clientY - top) / height);
  };
  pad.addEventListener('pointerdown', (event) => {
    pad.setPointerCapture(event.pointerId);
    pad.focus({ preventScroll: true });
    follow(event);
  });
  pad.addEventListener('pointermove', (event) => {
    if (pad.hasPointerCapture(event.pointerId)) follow(event);
  });
  const arrows: Readonly<Record<string, Point>> = {
    ArrowLeft: [-STEP, 0],
    ArrowRight: [STEP, 0],
    ArrowUp: [0, -STEP],
    ArrowDown: [0, STEP],
  };
  pad.addEventListener('keydown', (event) => {
    const by = arrows[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(at[0] + by[0], at[1] + by[1]);
  });
  showHandle();
  new IntersectionObserver((entries) => {
    isVisible = entries.some(({ isIntersecting }) => isIntersecting);
    void work();
  }).observe(root);

  return {
    root,
    update(subject, settings) {
      state = { subject, settings, isNew: true };
      void work();
    },
  };
}
