/** Ctrl-C and SIGTERM, as a wish to stop at the next good moment. It listens until `dispose`. */
export interface Interruption {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  readonly dispose: () => void;
}

/** Exit code of a process that was stopped by Ctrl-C: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

const signals = ['SIGINT', 'SIGTERM'] as const;
// One Ctrl-C may arrive twice: from the terminal, and passed on by npm.
const SAME_PRESS_MS = 300;

/**
 * Turns the first Ctrl-C or SIGTERM into an abort signal; the second one ends the process at once.
 *
 * @param onFirst Called at the first, to tell the user what happens now.
 */
export function watchInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort();
      onFirst();
    } else if (performance.now() - firstAt > SAME_PRESS_MS) {
      process.exit(EXIT_INTERRUPTED);
    }
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
