import type { Draws, Objective } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs-core';
import { applyUpdate, updateScalars } from './applyUpdate';
import type { UpdateOptions } from './applyUpdate';
import { globalNorm } from './clip';
import { meanGradients } from './meanGradients';
import type { TrainBatch } from './meanGradients';
import { learningRateAt } from './schedule';
import type { LearningRateSchedule } from './schedule';
import type { TrainState } from './trainState';
import type { Weights } from './weights';

/** How a network is trained. */
export interface TrainSettings<N> extends UpdateOptions {
  /** What is minimised, e.g. `meanFlow()`. */
  objective: Pick<Objective<N>, 'loss'>;
  /** The network over given weights, e.g. `(weights) => ditNetwork(config, weights)`. Called once a micro-batch. */
  network: (weights: Weights) => N;
  /** A constant rate, or its course over the updates. */
  learningRate: number | LearningRateSchedule;
  /** Equal parts into which a batch is split, one after the other, to save memory; divides the batch. Default 1. */
  microBatches?: number;
  /** Skipped steps in a row at which training stops, at least 1. Default 5. */
  maxSkips?: number;
}

/** What one step did. */
export interface StepReport {
  /** Steps done, this one included. */
  step: number;
  loss: number;
  /** The objective's own numbers, e.g. `rawLoss`, `fmLoss`, `dudtNorm`; means over the micro-batches. */
  logs: Record<string, number>;
  /** Norm of the gradient over all weights, before clipping. */
  gradNorm: number;
  /** Learning rate of this step. */
  lr: number;
  /** Whether loss or gradient was not finite, so that nothing was updated. */
  skipped: boolean;
}

function check(holds: boolean, rule: string, value: unknown, fix = ''): void {
  if (!holds) throw new RangeError(`trainStep: ${rule}, got ${String(value)}.${fix}`);
}

function checkArguments(
  { x, shape, y }: TrainBatch,
  draws: Draws,
  microBatches: number,
  maxSkips: number,
): void {
  const [rows = 0] = shape;
  const size = shape.reduce((product, n) => product * n, 1);
  check(
    rows > 0 && x.length === size,
    `batch.x must have ${size} values by its shape, at least one`,
    x.length,
  );
  check(
    y === null || y.length === rows,
    `batch.y must have one label for each of ${rows} samples`,
    y?.length,
  );
  for (const [name, array] of Object.entries(draws.arrays)) {
    check(array.shape[0] === rows, `draws of ${name} must have ${rows} rows like the batch`, array.shape[0]);
  }
  const divides = Number.isSafeInteger(microBatches) && microBatches > 0 && rows % microBatches === 0;
  check(
    divides,
    `microBatches must divide the batch of ${rows}`,
    microBatches,
    ' It counts parts, not rows.',
  );
  check(maxSkips >= 1, 'maxSkips must be at least 1', maxSkips);
}

/** Reads several scalars at once: each read waits for the device. */
async function readScalars(scalars: readonly tf.Scalar[]): Promise<Float32Array> {
  const stacked = tf.stack([...scalars]);
  try {
    return await stacked.data<'float32'>();
  } finally {
    stacked.dispose();
  }
}

/** Counts a skipped step, and stops the training when there were too many in a row. */
function countSkip(state: TrainState, loss: number, gradNorm: number, maxSkips: number): void {
  state.skipped += 1;
  state.skippedInRow += 1;
  if (state.skippedInRow < maxSkips) return;
  throw new Error(
    `trainStep: loss and gradient must be finite, but for ${state.skippedInRow} steps in a row, up to step ` +
      `${state.step}, they were not: loss ${loss}, gradient norm ${gradNorm}. ` +
      'Go on from an earlier checkpoint with a lower learningRate, a longer warm-up or clipNorm: 1.',
  );
}

/**
 * One training step: loss and gradient, over micro-batches if asked for; then, if both are finite, clipping, Adam and
 * the average of the weights. A step whose loss or gradient norm is not finite changes no weight; it is counted.
 *
 * @param state Changed in place. One step at a time: await each before the next.
 * @param batch Borrowed until the promise is fulfilled.
 * @param draws Random numbers of the batch, from `settings.objective.draw`. Borrowed likewise.
 * @returns What the step did; the host waits for the device once.
 * @throws RangeError if batch, draws or settings do not fit each other; Error once `maxSkips` steps in a row were
 *   skipped.
 */
export async function trainStep<N>(
  state: TrainState,
  batch: TrainBatch,
  draws: Draws,
  settings: TrainSettings<N>,
): Promise<StepReport> {
  const { objective, network, microBatches = 1, maxSkips = 5 } = settings;
  checkArguments(batch, draws, microBatches, maxSkips);
  const updates = state.step - state.skipped;
  const lr = learningRateAt(settings.learningRate, updates);
  const { loss, logs, gradients } = meanGradients(
    objective,
    network,
    state.weights,
    batch,
    draws,
    microBatches,
  );
  const norm = globalNorm(gradients);
  try {
    const [lossRead = NaN, gradNorm = NaN, ...logsRead] = await readScalars([
      loss,
      norm,
      ...Object.values(logs),
    ]);
    const skipped = !Number.isFinite(lossRead) || !Number.isFinite(gradNorm);
    state.step += 1;
    if (skipped) {
      countSkip(state, lossRead, gradNorm, maxSkips);
    } else {
      state.skippedInRow = 0;
      tf.tidy(() => {
        applyUpdate(state, gradients, updateScalars(updates, lr, norm, settings));
      });
    }
    const named = Object.keys(logs).map((name, i) => [name, logsRead[i] ?? NaN] as const);
    return { step: state.step, loss: lossRead, logs: Object.fromEntries(named), gradNorm, lr, skipped };
  } finally {
    tf.dispose([loss, logs, gradients, norm]);
  }
}
