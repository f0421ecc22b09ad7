import { proxy } from 'comlink';
import type { Page, Tab } from '../shell/tab';
import { choice } from '../ui/choice';
import { element } from '../ui/elements';
import { createClock, shareOfWay } from './clock';
import { curvePlot, shortNumber } from './curvePlot';
import { dataChooser } from './dataChooser';
import { fieldPanel } from './fieldPanel';
import { flowPanel } from './flowPanel';
import type { FlowPanelOptions } from './flowPanel';
import { isRight } from './frame';
import type { Frame, Quality, ViewSettings } from './frame';
import { createHistory } from './history';
import { lessons } from './lessons';
import { onThemeChange, readPalette } from './palette';
import type { PlaneSource } from './planeData';
import { toolbar } from './toolbar';
import './understand.css';

/** The tab Understand. */
export const understandTab: Tab = createUnderstandTab();

/** Texts follow the numbers at most so often. */
const tellMs = 500;
const seed = 1;

const distance = (value: number) => shortNumber(Math.max(value, 0));
const verdictOf = (energy: number, nearest: number) => (isRight(energy, nearest) ? 'right' : 'learning');

function createUnderstandTab(): Tab {
  let show: (isVisible: boolean) => void = () => undefined;
  return {
    id: 'understand',
    title: 'Understand',
    mount(panel, page) {
      show = build(panel, page);
    },
    visible(isVisible) {
      show(isVisible);
    },
  };
}

/** Builds the tab, and returns what shows and hides it. */
function build(panel: HTMLElement, page: Page): (isVisible: boolean) => void {
  const view: { -readonly [K in keyof ViewSettings]: ViewSettings[K] } = {
    r: 0,
    t: 1,
    calls: 1,
    steps: 32,
    isWatched: true,
  };
  let points = new Float32Array();
  let frame: Frame | null = null;
  let quality: Quality | null = null;
  let picked: number | null = null;
  let isAnimated = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  let isVisible = false;
  /** Whether there is a session, is one being opened, or was none asked for. */
  let opening: Promise<boolean> | null = null;
  /** What the visitor wants; a training that began by itself stops when the tab is hidden. */
  let wants: 'begin' | 'train' | 'pause' = 'begin';
  let wasRight = false;
  let lastTold = 0;
  let pointsVersion = 0;

  const service = () => page.compute.understand;
  const fail = (error: unknown) => {
    page.fail(error);
  };
  /** Asks the session for something; nothing happens before there is one. */
  const ask = (what: () => Promise<unknown>) => {
    open()
      .then((isOpen) => (isOpen ? what() : null), fail)
      .catch(fail);
  };

  const histories = { distance: createHistory(3), loss: createHistory(4), residual: createHistory(2) };
  const plots = {
    distance: curvePlot(
      'Distance to the data',
      [
        { name: 'MeanFlow, 1 call', colour: 'mean' },
        { name: 'flow matching, all steps', colour: 'flow' },
        { name: 'flow matching, 1 step', colour: 'once' },
      ],
      histories.distance,
      { isLogarithmic: true, note: lessons.distance() },
    ),
    loss: curvePlot(
      'Losses',
      [
        { name: 'MeanFlow', colour: 'mean' },
        { name: 'MeanFlow, r = t', colour: 'once' },
        { name: 'flow matching', colour: 'flow' },
        { name: 'exact velocity', colour: 'muted', isDashed: true },
      ],
      histories.loss,
      { note: lessons.loss() },
    ),
    residual: curvePlot(
      'Residual of the identity',
      [
        { name: 'MeanFlow’s u', colour: 'mean' },
        { name: 'flow matching’s v as u', colour: 'flow' },
      ],
      histories.residual,
      { isLogarithmic: true, note: lessons.residual() },
    ),
  };

  const look = (change: Partial<ViewSettings>) => {
    Object.assign(view, change);
    ask(() => service().look(change));
  };
  const pick = (particle: number | null, told?: string) => {
    picked = particle;
    if (told !== undefined) spoken.textContent = told;
    clock.wake();
  };
  const counts = (
    legend: string,
    values: readonly number[],
    initial: number,
    onChange: (value: number) => void,
  ) =>
    choice(
      legend,
      values.map((value) => ({ value, label: `${value}` })),
      initial,
      onChange,
    ).root;
  const wake = () => {
    clock.wake();
  };
  const panelOf = (options: Pick<FlowPanelOptions, 'id' | 'title' | 'colour' | 'control' | 'notes'>) =>
    flowPanel({ ...options, onPick: pick, onResize: wake });
  const panels = {
    meanFlow: panelOf({
      id: 'understand-meanflow',
      title: 'MeanFlow',
      colour: 'mean',
      control: counts('Calls', [1, 2, 4, 8], view.calls, (calls) => {
        look({ calls });
      }),
      notes: lessons.meanFlow(),
    }),
    flowMatching: panelOf({
      id: 'understand-flow-matching',
      title: 'Flow matching',
      colour: 'flow',
      control: counts('Steps', [1, 2, 4, 8, 32], view.steps, (steps) => {
        look({ steps });
      }),
      notes: lessons.flowMatching(),
    }),
  };
  const field = fieldPanel({ r: view.r, t: view.t }, lessons.field(), look, wake);

  const chooser = dataChooser(
    { data: page.url.get('data'), text: page.url.get('word') },
    {
      onChange: (source) => {
        if (source !== null) choose(source);
      },
      onName: (data, text) => {
        page.url.set({ data: data === 'moons' ? null : data, word: text });
      },
      onError: fail,
    },
  );
  const tools = toolbar(isAnimated, {
    onPlay: () => {
      wants = 'train';
      play();
    },
    onPause: () => {
      wants = 'pause';
      ask(() => service().pause());
    },
    onStep: () => {
      wants = 'pause';
      ask(() => service().stepOnce());
    },
    onReset: () => {
      forget();
      ask(() => service().reset(seed));
    },
    onSpeed: (speed) => {
      ask(() => service().setSpeed(speed));
    },
    onAnimate: (animated) => {
      isAnimated = animated;
      clock.set(isVisible, isAnimated);
      clock.wake();
    },
  });
  const spoken = element('p', { class: 'visually-hidden', attributes: { role: 'status' } });
  const root = element(
    'div',
    'understand',
    element(
      'div',
      'understand-top',
      element('div', 'understand-lead', ...lessons.lead()),
      element('div', 'understand-desk', chooser.root, tools.root),
    ),
    element('div', 'flow-panels', panels.meanFlow.root, panels.flowMatching.root),
    element(
      'div',
      'lessons',
      element('section', 'lesson', ...lessons.path()),
      element('section', 'lesson', ...lessons.identity()),
    ),
    field.root,
    element(
      'section',
      { class: 'curves', attributes: { 'aria-label': 'Curves' } },
      plots.distance.root,
      plots.loss.root,
      plots.residual.root,
    ),
    spoken,
  );
  panel.append(root);

  const clock = createClock((now, passed) => {
    const share = isAnimated ? shareOfWay(now) : 1;
    const ease = isAnimated ? 1 - Math.exp(-passed / 110) : 1;
    panels.meanFlow.draw(share, ease, picked);
    panels.flowMatching.draw(share, ease, picked);
    field.draw(ease);
  });

  function renew(): void {
    const palette = readPalette(root);
    for (const part of [panels.meanFlow, panels.flowMatching, field]) part.renew(points, palette);
    for (const plot of Object.values(plots)) {
      plot.renew(palette);
      plot.draw();
    }
    clock.wake();
  }
  onThemeChange(() => {
    if (isVisible) renew();
  });

  function forget(): void {
    for (const history of Object.values(histories)) history.clear();
    quality = null;
    wasRight = false;
  }

  function choose(source: PlaneSource): void {
    wasRight = false;
    pointsVersion += 1;
    const version = pointsVersion;
    ask(async () => {
      const chosen = await service().choose(source);
      if (version !== pointsVersion) return; // another choice came in between
      points = chosen as Float32Array<ArrayBuffer>;
      renew();
    });
  }

  function play(): void {
    ask(() => service().play());
  }

  /** Opens a session if there is none; false if there can be none, which the shell has told. */
  function open(): Promise<boolean> {
    opening ??= (async () => {
      try {
        await page.ready;
      } catch {
        return false;
      }
      const first: PlaneSource = chooser.source() ?? { kind: 'shape', name: 'moons' };
      points = (await service().open(first, seed, view, proxy(receive))) as Float32Array<ArrayBuffer>;
      renew();
      return true;
    })();
    return opening;
  }

  function receive(next: Frame): void {
    frame = next;
    const { step, losses, pictures, quality: measured } = next;
    if (measured !== null) {
      quality = measured;
      const { meanFlowOne, flowMatchingOne, flowMatchingMany, residual, residualOfVelocity } = measured;
      const floor = (value: number) => Math.max(value, 1e-3); // a logarithm's, and the noise of the measure
      histories.distance.add(step, [meanFlowOne, flowMatchingMany, flowMatchingOne].map(floor));
      histories.residual.add(step, [residual, residualOfVelocity].map(floor));
    }
    if (losses !== null) {
      const { meanFlow, meanFlowInstant, flowMatching } = losses;
      histories.loss.add(step, [meanFlow, meanFlowInstant, flowMatching, quality?.leastLoss ?? null]);
    }
    if (pictures !== null) {
      const particles = pictures.oneStep.length / 2;
      panels.meanFlow.show({ paths: { particles, values: pictures.meanFlow }, oneStep: null });
      panels.flowMatching.show({
        paths: { particles, values: pictures.flowMatching },
        oneStep: view.steps === 1 ? null : pictures.oneStep,
      });
      field.show(pictures);
    }
    const now = performance.now();
    if (!next.isRunning || now - lastTold > tellMs) {
      lastTold = now;
      tell(next);
    }
    clock.wake();
  }

  /** Texts, attributes and curves; seldom, for they cost time and would not be read anyway. */
  function tell({ step, isRunning, rate }: Frame): void {
    tools.show({ isRunning, step, rate });
    root.dataset['step'] = `${step}`;
    root.dataset['running'] = `${isRunning}`;
    root.dataset['rate'] = rate === null ? '' : rate.toFixed(1);
    for (const plot of Object.values(plots)) plot.draw();
    if (quality === null) return;
    const { meanFlowOne, flowMatchingOne, flowMatchingMany, meanFlowNearest, flowMatchingNearest } = quality;
    for (const [name, value] of Object.entries(quality)) root.dataset[name] = Number(value).toFixed(4);
    const at = `At step ${step}`;
    panels.meanFlow.tell(
      [
        {
          name: 'distance to the data, 1 call',
          value: distance(meanFlowOne),
          verdict: verdictOf(meanFlowOne, meanFlowNearest),
          colour: 'mean',
        },
        { name: 'a sample lies off the data by', value: shortNumber(meanFlowNearest) },
      ],
      `${at}, MeanFlow: particles and straight arrows from noise to samples over ${chooser.title}. ` +
        `Energy distance to the data in one call ${distance(meanFlowOne)}; samples lie ${shortNumber(meanFlowNearest)} off the data on average.`,
    );
    panels.flowMatching.tell(
      [
        {
          name: `distance to the data, ${view.steps} steps`,
          value: distance(flowMatchingMany),
          verdict: verdictOf(flowMatchingMany, flowMatchingNearest),
          colour: 'flow',
        },
        {
          name: 'in a single step',
          value: distance(flowMatchingOne),
          verdict: isRight(flowMatchingOne, 0) ? 'right' : 'wrong',
          colour: 'once',
        },
      ],
      `${at}, flow matching: particles on bent paths from noise to samples over ${chooser.title}. ` +
        `Energy distance to the data in ${view.steps} steps ${distance(flowMatchingMany)}, in a single step ${distance(flowMatchingOne)}.`,
    );
    const isNowRight = isRight(meanFlowOne, meanFlowNearest);
    root.dataset['right'] = String(isNowRight);
    if (isNowRight && !wasRight) {
      wasRight = true;
      spoken.textContent = `${at}, MeanFlow’s samples of one call match ${chooser.title}: distance ${distance(meanFlowOne)}, flow matching’s in one step ${distance(flowMatchingOne)}.`;
    }
  }

  page.onRestart(() => {
    opening = null;
    forget();
    if (frame === null) return;
    const wasRunning = frame.isRunning;
    open().then((isOpen) => {
      if (isOpen && wasRunning) play();
    }, fail);
  });

  // A window that is not seen needs no pictures, and a clock that asks for them gets none.
  document.addEventListener('visibilitychange', () => {
    if (isVisible && opening !== null) look({ isWatched: document.visibilityState === 'visible' });
  });
  return (visible) => {
    if (visible === isVisible) return;
    isVisible = visible;
    clock.set(isVisible, isAnimated);
    if (visible) {
      view.isWatched = true;
      if (opening !== null) {
        look({ isWatched: true });
        renew();
      }
      if (wants === 'begin') play();
    } else if (opening !== null) {
      look({ isWatched: false });
      if (wants === 'begin') ask(() => service().pause());
    }
  };
}
