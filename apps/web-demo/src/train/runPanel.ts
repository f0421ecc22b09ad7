import { choice } from '../ui/choice';
import { button, element } from '../ui/elements';
import type { Shown } from './session';
import type { RunSummary } from './trainEvents';

/** What the run asks for. */
export interface RunActions {
  readonly toggle: () => void;
  readonly show: (shown: Shown) => void;
  readonly download: () => void;
  /** Gives it up for another one. */
  readonly leave: () => void;
}

export type RunState = 'running' | 'pausing' | 'paused' | 'finished' | 'failed';

/** What a run looks like at a moment. */
interface RunNumbers {
  readonly step: number;
  readonly steps: number;
  readonly imagesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** Where a training is followed. */
export interface RunPanel {
  readonly root: HTMLElement;
  open(run: RunSummary): void;
  numbers(numbers: RunNumbers): void;
  state(state: RunState): void;
  /** How it is kept. */
  kept(sentence: string, isProblem: boolean): void;
  readonly shown: Shown;
  /** Puts the focus on the button that trains and pauses. */
  focus(): void;
}

const number = (value: number) => value.toLocaleString('en');

/** A time in words of a few letters. */
function shortTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  return `${hours} h ${Math.round((seconds % 3600) / 60)} min`;
}

const labels: Readonly<Record<RunState, string>> = {
  ...{ running: 'Pause', pausing: 'Pausing', paused: 'Go on', finished: 'Train more', failed: 'Go on' },
};
const words: Readonly<Record<RunState, string>> = {
  running: 'Training',
  pausing: 'Ends with this step',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Stopped',
};

/** A number with what it is. */
function fact(label: string) {
  const value = element('dd');
  return { root: element('div', 'run-fact', element('dt', { text: label }), value), value };
}

/** Builds the panel. */
export function createRunPanel(actions: RunActions): RunPanel {
  const shown: { -readonly [K in keyof Shown]: Shown[K] } = { weights: 'ema', nfe: 1 };
  const stateLine = element('p', 'run-state');
  const step = element('span', 'figure-value');
  const of = element('span', 'figure-unit');
  const bar = element('progress', { attributes: { 'aria-label': 'Steps done', max: '1', value: '0' } });
  const rate = fact('Images a second');
  const left = fact('Time left');
  const toggle = button('draw-button', actions.toggle, 'Pause');
  const kept = element('p', { class: 'run-kept', attributes: { role: 'status' } });
  const facts = element('p', 'fine');
  const change = () => {
    actions.show({ ...shown });
  };
  const weights = choice<Shown['weights']>(
    'Samples from',
    [
      { value: 'ema', label: 'Averaged weights' },
      { value: 'model', label: 'Raw weights' },
    ],
    shown.weights,
    (value) => {
      shown.weights = value;
      change();
    },
  );
  const calls = choice(
    'Network calls for each',
    [1, 2, 4, 8, 16].map((value) => ({ value, label: String(value) })),
    shown.nfe,
    (value) => {
      shown.nfe = value;
      change();
    },
  );
  const root = element(
    'div',
    'run',
    element(
      'div',
      'run-head',
      stateLine,
      element('p', 'figure-line', step, of),
      bar,
      element('dl', 'run-facts', rate.root, left.root),
    ),
    element(
      'div',
      'run-actions',
      toggle,
      button('quiet-button', actions.download, 'Download'),
      button('quiet-button', actions.leave, 'New training'),
    ),
    kept,
    element('div', 'run-shown', weights.root, calls.root),
    facts,
  );

  return {
    root,
    open({ data, weights: count, objective, batchSize, lr, seed }) {
      const [height, width] = data.side;
      const classes = data.numClasses === 0 ? 'no classes' : `${data.numClasses} classes`;
      const colour = data.channels === 1 ? 'grey' : 'colour';
      const method = objective === 'meanflow' ? 'MeanFlow' : 'Flow matching';
      facts.textContent =
        `${method} on ${number(data.count)} ${data.name} of ${height} x ${width}, ${colour}, ${classes}; ` +
        `${number(count)} weights, batches of ${batchSize}, learning rate ${lr}, seed ${seed}.`;
      root.dataset['objective'] = objective;
      kept.textContent = '';
      shown.weights = 'ema';
      shown.nfe = 1;
      weights.choose('ema');
      calls.choose(1);
    },
    numbers({ step: done, steps, imagesPerSecond, secondsLeft }) {
      step.textContent = number(done);
      of.textContent = `of ${number(steps)} steps`;
      bar.max = steps;
      bar.value = done;
      bar.textContent = `${done} of ${steps}`;
      rate.value.textContent =
        imagesPerSecond === null
          ? '–'
          : number(Number(imagesPerSecond.toPrecision(imagesPerSecond < 10 ? 2 : 3)));
      left.value.textContent = secondsLeft === null || done >= steps ? '–' : shortTime(secondsLeft);
    },
    state(state) {
      stateLine.textContent = words[state];
      toggle.textContent = labels[state];
      toggle.disabled = state === 'pausing';
      root.dataset['state'] = state;
    },
    kept(sentence, isProblem) {
      kept.textContent = sentence;
      kept.dataset['kind'] = isProblem ? 'problem' : 'good';
    },
    get shown() {
      return { ...shown };
    },
    focus() {
      toggle.focus();
    },
  };
}
