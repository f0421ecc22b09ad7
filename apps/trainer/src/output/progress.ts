import { MultiBar } from 'cli-progress';
import { line } from '../terminal';
import type { Terminal } from '../terminal';
import { formatDuration } from './duration';

/** How a training goes. */
export interface ProgressInfo {
  readonly step: number;
  /** The unweighted loss, smoothed: the weighted one is always about 1. */
  readonly loss: number;
  readonly lr: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

/** What is counted. */
export interface ProgressScale {
  /** The last step. */
  readonly total: number;
  /** Steps done before. */
  readonly first: number;
  /** What a batch consists of. */
  readonly unit: 'images' | 'points';
}

/** Shows how a training goes, until `stop`. */
export interface Progress {
  /** After each step; `isLogged` every log.every steps. */
  readonly update: (info: ProgressInfo, isLogged: boolean) => void;
  /** A sentence in between. */
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

/** Four digits at most, whatever the size. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2);
  return size >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
}

function bar(screen: NodeJS.WriteStream, { total, first, unit }: ProgressScale): Progress {
  const bars = new MultiBar({
    stream: screen,
    format: `step {value}/{total} {bar} loss {loss} | {rate} ${unit}/s | {left} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    linewrap: false,
    fps: 5,
  });
  const single = bars.create(total, first, { loss: '-', rate: '-', left: '-' });
  return {
    update: ({ step, loss, imagesPerSecond, secondsLeft }) => {
      const payload = {
        loss: formatNumber(loss),
        rate: formatNumber(imagesPerSecond),
        left: formatDuration(secondsLeft),
      };
      single.update(step, payload);
    },
    note: (text) => {
      bars.log(line(text));
      bars.update();
    },
    stop: () => {
      bars.stop();
    },
  };
}

function lines(terminal: Terminal, { total, unit }: ProgressScale): Progress {
  return {
    update: ({ step, loss, lr, imagesPerSecond, secondsLeft }, isLogged) => {
      if (!isLogged) return;
      const parts = [
        `step ${step}/${total}`,
        `loss ${formatNumber(loss)}`,
        `lr ${formatNumber(lr)}`,
        `${formatNumber(imagesPerSecond)} ${unit}/s`,
        `${formatDuration(secondsLeft)} left`,
      ];
      terminal.out(parts.join('  '));
    },
    note: (text) => {
      terminal.out(text);
    },
    stop: () => undefined,
  };
}

/** A bar on a terminal, a line every log.every steps elsewhere. */
export function showProgress(terminal: Terminal, scale: ProgressScale): Progress {
  return terminal.screen === null ? lines(terminal, scale) : bar(terminal.screen, scale);
}
