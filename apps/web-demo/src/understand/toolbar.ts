import { choice } from '../ui/choice';
import { button, element } from '../ui/elements';

/** What the toolbar asks for. */
export interface ToolbarEvents {
  readonly onPlay: () => void;
  readonly onPause: () => void;
  readonly onStep: () => void;
  readonly onReset: () => void;
  readonly onSpeed: (stepsPerSecond: number | null) => void;
  readonly onAnimate: (isAnimated: boolean) => void;
}

/** Train, pause, one step, start over, speed; and how far it is. */
export interface Toolbar {
  readonly root: HTMLElement;
  show(state: { readonly isRunning: boolean; readonly step: number; readonly rate: number | null }): void;
}

/** Makes the toolbar. */
export function toolbar(isAnimated: boolean, events: ToolbarEvents): Toolbar {
  let isRunning = false;
  const play = button(
    'primary play',
    () => {
      if (isRunning) events.onPause();
      else events.onPlay();
    },
    'Train',
  );
  const animate = element('input', { attributes: { type: 'checkbox' } });
  animate.checked = isAnimated;
  animate.addEventListener('change', () => {
    events.onAnimate(animate.checked);
  });
  const speed = choice<number | null>(
    'Speed',
    [
      { value: 1, label: '1', spoken: '1 step a second' },
      { value: 10, label: '10', spoken: '10 steps a second' },
      { value: null, label: 'full', spoken: 'as many steps as there can be' },
    ],
    null,
    events.onSpeed,
  );
  const count = element('span', 'step-count', 'step 0');
  const rate = element('span', 'step-rate', '');
  return {
    root: element(
      'div',
      { class: 'understand-tools', attributes: { role: 'group', 'aria-label': 'Training' } },
      play,
      button('quiet-button', events.onStep, 'One step'),
      button('quiet-button', events.onReset, 'Start over'),
      speed.root,
      element('label', 'check', animate, element('span', { text: 'Move particles' })),
      element('p', 'progress', count, rate),
    ),
    show(state) {
      ({ isRunning } = state);
      play.textContent = isRunning ? 'Pause' : 'Train';
      play.setAttribute('aria-label', isRunning ? 'Pause the training' : 'Train');
      count.textContent = `step ${state.step.toLocaleString('en')}`;
      rate.textContent = state.rate === null ? '' : `${state.rate.toFixed(state.rate < 10 ? 1 : 0)} steps/s`;
    },
  };
}
