import { join } from 'node:path';
import type { DatasetInfo } from '@meanflow/train/run';
import type { RunningBackend } from '../backends/backend';
import type { RunConfig } from '../config/schema';
import { formatDuration } from '../output/duration';
import { commandLine } from '../terminal';

const grouped = (n: number) => n.toLocaleString('en');

/** What is about to be trained, on what. */
export function opening(
  config: RunConfig,
  data: DatasetInfo,
  weights: number,
  backend: RunningBackend,
): string {
  const { name, count, sampleShape, numClasses } = data;
  const samples = sampleShape.length === 1 ? 'points' : `images of ${sampleShape.join('x')}`;
  const classes = numClasses === 0 ? 'no classes' : `${numClasses} classes`;
  return [
    `Data:     ${name}, ${grouped(count)} ${samples}, ${classes}`,
    `Model:    ${config.model.kind}, ${grouped(weights)} weights, trained by ${config.objective.kind}`,
    `Backend:  ${backend.name} (${backend.device})`,
  ].join('\n');
}

/** How to go on with a run that was stopped. */
export function stopped(program: string, root: string, step: number, steps: number): string {
  const where =
    step === 0
      ? 'Stopped before the first step.'
      : `Stopped after step ${step} of ${steps}; all of it is saved in ${root}.`;
  return `${where} Go on with:\n  ${commandLine(program, ['train', '--resume', '--out', root])}`;
}

/** What came of a training, and what to do with it. */
export function finished(
  program: string,
  root: string,
  { steps }: RunConfig,
  { numClasses, sampleShape }: DatasetInfo,
  picture: string,
  seconds: number,
): string {
  const classes = numClasses === 0 ? [] : ['--classes', `0-${numClasses - 1}`];
  const what = sampleShape.length === 1 ? 'Samples over the data' : 'Samples (left) next to real images';
  return [
    `Trained to step ${steps} in ${formatDuration(seconds)}. The run is in ${root}`,
    `${what}: ${picture}`,
    'Next:',
    `  ${commandLine(program, ['sample', '--checkpoint', root, ...classes, '--out', join(root, 'samples.png')])}`,
    `  ${commandLine(program, ['train', '--resume', '--out', root, '--steps', String(2 * steps)])}`,
    `  ${commandLine('tensorboard', ['--logdir', root])}`,
  ].join('\n');
}
