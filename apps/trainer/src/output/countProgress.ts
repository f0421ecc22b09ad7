import { SingleBar } from 'cli-progress';
import type { Terminal } from '../terminal';
import { formatNumber } from './progress';

/** Shows how far a count is, until `stop`. */
export interface CountProgress {
  /** So many are done. */
  readonly update: (count: number) => void;
  readonly stop: () => void;
}

const TENTH = 10;

function bar(screen: NodeJS.WriteStream, what: string, total: number): CountProgress {
  const single = new SingleBar({
    stream: screen,
    format: `${what} {value}/{total} {bar} {eta_formatted} left`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 5,
  });
  single.start(total, 0);
  return {
    update: (count) => {
      single.update(count);
    },
    stop: () => {
      single.stop();
    },
  };
}

/** A bar on a terminal, a line every tenth elsewhere, and none for what takes less than a few seconds. */
export function countProgress(terminal: Terminal, what: string, total: number): CountProgress {
  if (terminal.screen !== null) return bar(terminal.screen, what, total);
  const start = performance.now();
  let tenths = 0;
  return {
    update: (count) => {
      const done = Math.floor((TENTH * count) / total);
      const seconds = (performance.now() - start) / 1000;
      if (done <= tenths || seconds < 5) return;
      tenths = done;
      terminal.out(`${what} ${count}/${total}  ${formatNumber(count / seconds)} images/s`);
    },
    stop: () => undefined,
  };
}
