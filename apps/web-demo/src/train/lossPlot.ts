import { element } from '../ui/elements';
import { curvePlot } from '../understand/curvePlot';
import { createHistory } from '../understand/history';
import { onThemeChange, readPalette } from '../understand/palette';
import type { StepNumbers } from './history';

/** The loss over the steps. */
export interface LossPlot {
  readonly root: HTMLElement;
  open(points: readonly StepNumbers[]): void;
  add(points: readonly StepNumbers[]): void;
  /** Draws again after it was hidden. */
  renew(): void;
}

const note = () =>
  element(
    'p',
    'fine',
    'Squared error, summed over the pixels, before weighting. Much of it can never go away: it is what the noise leaves open.',
  );

/** Builds the plot. */
export function createLossPlot(): LossPlot {
  const history = createHistory(2);
  const plot = curvePlot(
    'Loss',
    [
      { name: 'all times', colour: 'mean' },
      { name: 'flow-matching part', colour: 'flow' },
    ],
    history,
    { note: note() },
  );
  let isMade = false;
  const renew = () => {
    if (plot.root.clientWidth === 0) return;
    plot.renew(readPalette(plot.root));
    isMade = true;
    plot.draw();
  };
  onThemeChange(() => {
    if (isMade) renew();
  });
  const add = (points: readonly StepNumbers[]) => {
    for (const { step, rawLoss, fmLoss } of points) history.add(step, [rawLoss, fmLoss]);
    if (isMade) plot.draw();
    else renew();
  };
  return {
    root: plot.root,
    open(points) {
      history.clear();
      add(points);
    },
    add,
    renew,
  };
}
