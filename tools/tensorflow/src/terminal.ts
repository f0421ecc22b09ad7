/** Where the program prints. */
export interface Terminal {
  /** A line of what was asked for. */
  readonly out: (text: string) => void;
  /** A line of warnings and errors. */
  readonly err: (text: string) => void;
  /** Whether somebody watches: then downloads show their progress. */
  readonly interactive: boolean;
}

/** One step and what came of it, e.g. `python       3.11.7, /usr/bin/python3`. */
export function stepLine(step: string, result: string): string {
  return `  ${step.padEnd(12)} ${result}`;
}

/** Seconds since `start`, which is of `performance.now()`, e.g. `12.3 s`. */
export function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
