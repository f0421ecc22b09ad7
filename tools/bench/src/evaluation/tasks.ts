import type { EvaluationTask } from './evaluationTask';
import { frechetTask } from './frechetTask';
import { inceptionTask } from './inceptionTask';
import { neighboursTask } from './neighboursTask';

/** Everything that `bench evaluation` times. To add one: a line here, and a function in `peers/evaluation.py`. */
export const evaluationTasks = {
  frechet: frechetTask,
  inception: inceptionTask,
  neighbours: neighboursTask,
} satisfies Record<string, EvaluationTask>;

export type EvaluationTaskName = keyof typeof evaluationTasks;
export const evaluationTaskNames = Object.keys(evaluationTasks) as readonly EvaluationTaskName[];
