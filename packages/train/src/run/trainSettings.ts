import type { ProgramOptions } from '@meanflow/compile';
import type { Draws, Network, Objective } from '@meanflow/core';
import type { TrainBatch } from '../batchParts';
import type { TrainSettings } from '../trainer';
import type { Model } from './model';
import type { CompileConfig, DatasetInfo, RunConfig } from './runConfig';

/** What a configuration says about compiling. */
export function compileOptions({ mode, bfloat16 }: CompileConfig): ProgramOptions {
  return { eager: mode === 'off', xla: mode === 'xla' ? true : mode === 'fused' ? mode : false, bfloat16 };
}

/** Fewer rows than this make small matrix products, which cost more than a second core brings. */
const MIN_ROWS = 4;

/** The largest number of equal shards of so many rows that the cores can work on. */
export function shardsFor(rows: number, cores: number): number {
  for (let shards = Math.min(cores, Math.floor(rows / MIN_ROWS)); shards > 1; shards--) {
    if (rows % shards === 0) return shards;
  }
  return 1;
}

/**
 * How `createTrainer` trains what a configuration describes.
 *
 * @param cores Parts of the work that are best computed side by side.
 */
export function trainSettings(
  config: Pick<RunConfig, 'optimizer' | 'ema' | 'compile' | 'batchSize' | 'steps'>,
  model: Model,
  objective: Objective,
  cores = 1,
): TrainSettings<Network> {
  const { lr, beta1, beta2, eps, weightDecay, schedule, clipNorm, accumulate, maxSkips, recompute } =
    config.optimizer;
  return {
    objective,
    network: (weights) => model.network(weights, recompute),
    learningRate: {
      peak: lr,
      warmupSteps: schedule.warmupSteps,
      decay: schedule.kind,
      // A run that ends within its warm-up never gets to the cosine.
      ...(schedule.kind === 'cosine' ? { decaySteps: Math.max(config.steps, schedule.warmupSteps + 1) } : {}),
    },
    adam: { beta1, beta2, epsilon: eps, weightDecay },
    emaDecay: config.ema.decay,
    clipNorm,
    microBatches: accumulate,
    shards: config.compile.shards ?? shardsFor(config.batchSize / accumulate, cores),
    maxSkips,
    compile: compileOptions(config.compile),
  };
}

/** A batch as `@meanflow/data` gives it. Its labels are all 0 where there are no classes. */
export interface SourceBatch {
  readonly x: Float32Array;
  readonly shape: readonly number[];
  readonly y: Int32Array;
}

/** What `Trainer.step` takes. */
export interface StepInputs {
  readonly batch: TrainBatch;
  readonly draws: Draws;
}

/**
 * What a training step works with: its batch, and random numbers that follow from the run's seed and the step alone, so
 * that a run goes on exactly, on whatever machine.
 *
 * @param source Of the batch.
 * @param step Steps done before.
 */
export function stepInputs(
  { x, shape, y }: SourceBatch,
  { sampleShape, numClasses }: Pick<DatasetInfo, 'sampleShape' | 'numClasses'>,
  objective: Pick<Objective, 'draw'>,
  { batchSize, seed }: Pick<RunConfig, 'batchSize' | 'seed'>,
  step: number,
): StepInputs {
  const draws = objective.draw(batchSize, sampleShape, { seed, step });
  return { batch: { x, shape, y: numClasses === 0 ? null : y }, draws };
}
