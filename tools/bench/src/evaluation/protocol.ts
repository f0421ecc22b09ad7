import type { Values } from './evaluationTask';
import type { EvaluationTaskName } from './tasks';

/** What a program that evaluates is asked to do; it answers in the way of `../protocol.ts`. */
export type EvaluationRequest =
  /** Reads the inputs of a task; answered by `{ ok: true }`. */
  | { readonly do: 'open'; readonly task: EvaluationTaskName; readonly folder: string }
  /** Computes it once. */
  | { readonly do: 'run' };

/** One timed run. */
export interface RunAnswer {
  readonly ms: number;
  readonly values: Values;
}

export type EvaluationAnswer = RunAnswer | { readonly ok: true } | { readonly error: string };
