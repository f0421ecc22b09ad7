/** What one run computed; the same numbers, to a tolerance, in every program. */
export type Values = readonly number[];

/** Something to compute, given inputs that lie in a folder. */
export interface EvaluationTask {
  readonly title: string;
  /** What the peer is: a function of `peers/evaluation.py`. */
  readonly peer: string;
  /** Images of a run, where a rate says more than a time. */
  readonly images?: number;
  /** Largest difference from the peer's values, relative to the largest of them. */
  readonly tolerance: number;
  /** Writes what all programs read. */
  writeInputs(folder: string): void;
  /** Reads it, and prepares what is not timed. */
  open(folder: string): Promise<() => Promise<Values>>;
}
