import type { EvaluationTask } from './evaluationTask';
import { frechetTask } from './frechetTask';
import { neighboursTask } from './neighboursTask';

/** Everything that `bench evaluation` times. To add one: a line here, and a function in `peers/evaluation.py`. */
export const evaluationTasks = {
  frechet: frechetTask,
  neighbours: neighboursTask,
} satisfies Record<string, EvaluationTask>;

export type EvaluationTaskName = keyof typeof evaluationTasks;
export const evaluationTaskNames = Object.keys(evaluationTasks) as readonly EvaluationTaskName[];
