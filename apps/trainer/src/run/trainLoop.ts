import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Program } from '@meanflow/compile';
import type { Objective } from '@meanflow/core';
import type { BatchSource } from '@meanflow/data';
import { createTrainer, snapshotTrainState } from '@meanflow/train';
import type { JsonValue, RgbImage, StepReport, Trainer, TrainState } from '@meanflow/train';
import { saveCheckpoint } from '@meanflow/train/node';
import type { RunPaths } from '@meanflow/train/node';
import { samplerOf, stepInputs, trainSettings } from '@meanflow/train/run';
import type { Model, Sampler } from '@meanflow/train/run';
import type { RunConfig } from '../config/schema';
import type { TrainingEvaluation } from '../evaluation/evaluateWhileTraining';
import type { Progress } from '../output/progress';
import { asUserError, messageOf } from '../userError';
import { averageOf } from './pace';
import type { Pictures } from './pictures';
import type { Pace, Recorder } from './recorder';

/** Everything that a training works with. */
export interface Training {
  readonly config: RunConfig;
  readonly source: BatchSource;
  readonly model: Model;
  readonly objective: Objective;
  /** Changed in place. */
  readonly state: TrainState;
  readonly paths: RunPaths;
  readonly recorder: Recorder;
  readonly pictures: Pictures;
  /** null: none wanted. */
  readonly evaluation: TrainingEvaluation | null;
  readonly progress: Progress;
  /** The configuration that weights files carry. */
  readonly carried: JsonValue;
  /** Parts of the work that are best computed side by side. */
  readonly cores: number;
  /** Throws if the device has not done what it was told. */
  readonly assertHealthy: () => void;
}

/** What a step gave, and how long it waited for its batch. */
interface TimedStep {
  readonly report: StepReport;
  readonly waitSeconds: number;
}

async function nextBatch({ config, source, state }: Training) {
  const start = performance.now();
  try {
    const batch = await source.batchAt(state.step, config.batchSize);
    return { ...batch, waitSeconds: (performance.now() - start) / 1000 };
  } catch (error) {
    throw asUserError(error, 1); // of damaged data
  }
}

async function nextStep(training: Training, trainer: Trainer): Promise<TimedStep> {
  const { config, source, objective, state } = training;
  const { waitSeconds, ...found } = await nextBatch(training);
  const { batch, draws } = stepInputs(found, source, objective, config, state.step);
  try {
    const report = await trainer.step(batch, draws);
    training.assertHealthy();
    return { report, waitSeconds };
  } catch (error) {
    // A loss that is not finite for too long is no bug; whatever else goes wrong in a step is.
    throw messageOf(error).startsWith('train: loss and gradient') ? asUserError(error, 1) : error;
  }
}

async function save({ config, state, paths, recorder, carried }: Training): Promise<void> {
  recorder.flush(); // the log must reach at least as far as the checkpoint
  const checkpoint = {
    snapshot: await snapshotTrainState(state),
    seed: config.seed,
    data: null,
    config: carried,
  };
  saveCheckpoint(paths.checkpoints, checkpoint, { keep: config.checkpoint.keep });
}

/** Pictures and evaluations come before the checkpoint of the same step: a run that is killed in between repeats them. */
async function afterStep(
  training: Training,
  sampler: Sampler,
  report: StepReport,
  pace: Pace,
): Promise<boolean> {
  const { config, source, state, recorder, pictures, evaluation, progress } = training;
  const { step } = state;
  if (report.skipped) progress.note(`Step ${step} is skipped: loss or gradient is not finite.`);
  if (report.skipped || step % config.log.every === 0) {
    recorder.metrics(report, (step * config.batchSize) / source.count, pace);
  }
  if (step % config.sample.every === 0) recorder.samples(step, await pictures.samples(sampler));
  if (evaluation !== null && step % (config.evaluate.every ?? Infinity) === 0) {
    recorder.evaluation(step, await evaluation.measure(sampler));
  }
  if (step % config.checkpoint.every !== 0) return false;
  await save(training);
  return true;
}

/** The sampler of the averaged weights. */
function emaSampler({ objective, model, state, cores }: Training, program: Program): Sampler {
  return samplerOf(program, objective, () => model.network(state.ema), { cores });
}

/**
 * Trains until the last step, or until the signal aborts: then the step is finished. A checkpoint is saved at the end
 * in both cases.
 *
 * @returns Samples next to real images; null if the last step was not reached.
 */
export async function trainLoop(training: Training, signal: AbortSignal): Promise<RgbImage | null> {
  const { pictures, config, model, objective, state, cores } = training;
  const trainer = createTrainer(state, trainSettings(config, model, objective, cores));
  try {
    const sampler = emaSampler(training, trainer.program);
    pictures.prepare(sampler);
    training.evaluation?.prepare(sampler);
    const isFinished = await trainSteps(training, trainer, sampler, signal);
    return isFinished ? await pictures.comparison(sampler) : null;
  } finally {
    trainer.dispose();
  }
}

/** @returns Whether the last step was reached. */
async function trainSteps(
  training: Training,
  trainer: Trainer,
  sampler: Sampler,
  signal: AbortSignal,
): Promise<boolean> {
  const { config, state, progress } = training;
  const [seconds, waits, loss] = [averageOf(), averageOf(), averageOf()];
  let isSaved = true;
  while (state.step < config.steps && !signal.aborted) {
    const start = performance.now();
    const { report, waitSeconds } = await nextStep(training, trainer);
    seconds.add((performance.now() - start) / 1000);
    waits.add(waitSeconds);
    loss.add(report.logs['rawLoss'] ?? report.loss);
    const imagesPerSecond = config.batchSize / seconds.value();
    const pace = { imagesPerSecond, waitShare: waits.value() / seconds.value() };
    isSaved = await afterStep(training, sampler, report, pace);
    const secondsLeft = (config.steps - state.step) * seconds.value();
    const info = { step: state.step, loss: loss.value(), lr: report.lr, imagesPerSecond, secondsLeft };
    progress.update(info, state.step % config.log.every === 0);
    await nextTurn(); // cpu and wasm never wait for anything: without this no signal would arrive
  }
  if (!isSaved) await save(training);
  return state.step >= config.steps;
}
