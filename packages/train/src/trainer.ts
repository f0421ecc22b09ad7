import { computeAfter, createProgram } from '@meanflow/compile';
import type { Program, ProgramOptions } from '@meanflow/compile';
import type { Draws, Objective } from '@meanflow/core';
import { setRecomputeBarrier } from '@meanflow/jvp';
import { applyAdam } from '@meanflow/kernels';
import type { AdamNumbers, AdamSlot } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { adamNumbers } from './adamNumbers';
import type { UpdateOptions } from './adamNumbers';
import { partTensors } from './batchParts';
import type { TrainBatch } from './batchParts';
import { globalNorm } from './clip';
import { lossGradients } from './lossGradients';
import type { BatchTensors } from './lossGradients';
import { learningRateAt } from './schedule';
import type { LearningRateSchedule } from './schedule';
import { zerosLikeVariables } from './trainState';
import type { TrainState, Variables } from './trainState';
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
  /**
   * Equal parts of a micro-batch that are computed side by side where the step is compiled, e.g. one a core of the CPU,
   * each with operations of one thread: that keeps the cores busier than operations of several threads do. Divides the
   * micro-batch. Default 1.
   */
  shards?: number;
  /** Skipped steps in a row at which training stops, at least 1. Default 5. */
  maxSkips?: number;
  /**
   * How the step is compiled where its backend has a compiler: see `@meanflow/compile`. Default `{ xla: 'fused' }`.
   */
  compile?: ProgramOptions;
}

/** Trains one state: see {@link createTrainer}. */
export interface Trainer {
  /**
   * One training step: loss and gradient, over micro-batches if asked for; then, if both are finite, clipping, Adam and
   * the average of the weights. A step whose loss or gradient norm is not finite changes no weight; it is counted.
   *
   * @param batch Borrowed until the promise is fulfilled.
   * @param draws Random numbers of the batch, from `settings.objective.draw`. Borrowed likewise.
   * @returns What the step did; the host waits for the device once. One step at a time: await each before the next.
   * @throws RangeError if batch, draws or settings do not fit each other; Error once `maxSkips` steps in a row were
   *   skipped.
   */
  step(batch: TrainBatch, draws: Draws): Promise<StepReport>;
  /** The compiled program of the step: what is compiled with it, such as a sampler, shares the state's variables. */
  readonly program: Program;
  /** Frees what training needs besides the state, which stays the caller's. */
  dispose(): void;
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
  if (!holds) throw new RangeError(`train: ${rule}, got ${String(value)}.${fix}`);
}

function checkArguments(
  { x, shape, y }: TrainBatch,
  draws: Draws,
  {
    microBatches = 1,
    shards = 1,
    maxSkips = 5,
  }: Pick<TrainSettings<never>, 'microBatches' | 'shards' | 'maxSkips'>,
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
  const part = rows / microBatches;
  check(
    Number.isSafeInteger(shards) && shards > 0 && part % shards === 0,
    `shards must divide the micro-batch of ${part}`,
    shards,
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
    `train: loss and gradient must be finite, but for ${state.skippedInRow} steps in a row, up to step ` +
      `${state.step}, they were not: loss ${loss}, gradient norm ${gradNorm}. ` +
      'Go on from an earlier checkpoint with a lower learningRate, a longer warm-up or clipNorm: 1.',
  );
}

/** Which part of a batch a gradient is of. */
interface Part {
  /** Number of parts. */
  parts: number;
  isFirst: boolean;
  isLast: boolean;
}

/** The scalars of a part: its loss, the objective's own numbers, and after the last part the norm of the gradient. */
interface PartScalars {
  loss: tf.Scalar;
  logs: Record<string, tf.Scalar>;
  norm: tf.Scalar | null;
}

/** The mean of scalars. */
const meanOf = (scalars: readonly tf.Scalar[]): tf.Scalar =>
  tf.mul(
    scalars.reduce((sum, scalar) => tf.add(sum, scalar)),
    1 / scalars.length,
  );

/**
 * Sums up the mean of the gradients of a batch's parts in `sums`; everything else is read and left alone.
 *
 * @param shards The part in equal parts again, whose computations do not wait for each other.
 */
function addGradients<N>(
  { objective, network }: TrainSettings<N>,
  weights: Variables,
  sums: Variables,
  shards: readonly BatchTensors[],
  { parts, isFirst, isLast }: Part,
): PartScalars {
  const made = shards.map((shard) => lossGradients(objective, network, weights, shard));
  const factor = 1 / (parts * shards.length);
  const entries = Object.entries(sums).map(([name, sum]) => {
    const gradients = made.map(({ gradients: all }) => gradientOf(all, name));
    const total = gradients.reduce((a, b) => tf.add(a, b));
    const share = factor === 1 ? total : tf.mul(total, factor);
    const next = isFirst ? share : tf.add(sum, share);
    sum.assign(next);
    return [name, next] as const;
  });
  const logNames = Object.keys(made[0]?.logs ?? {});
  const logs = logNames.map(
    (name) => [name, meanOf(made.flatMap(({ logs: all }) => all[name] ?? []))] as const,
  );
  return {
    loss: meanOf(made.map(({ loss }) => loss)),
    logs: Object.fromEntries(logs),
    norm: isLast ? globalNorm(Object.fromEntries(entries)) : null,
  };
}

function gradientOf(gradients: Weights, name: string): tf.Tensor {
  const gradient = gradients[name];
  if (gradient === undefined) throw new Error(`internal: ${name} has no gradient.`);
  return gradient;
}

/** Each weight with what belongs to it. */
function slotsOf({ weights, m, v, ema }: TrainState, gradients: Variables): AdamSlot[] {
  return Object.entries(weights).map(([name, weight]) => {
    const slot = { weight, m: m[name], v: v[name], ema: ema[name], gradient: gradients[name] };
    if (Object.values(slot).includes(undefined))
      throw new Error(`internal: ${name} has no moments, average or gradient.`);
    return slot as AdamSlot;
  });
}

/** The mean of each number over the parts. */
function meanOverParts(read: Float32Array, parts: number): number[] {
  const width = read.length / parts;
  return Array.from({ length: width }, (_, i) => {
    let sum = 0;
    for (let part = 0; part < parts; part++) sum += read[part * width + i] ?? NaN;
    return sum / parts;
  });
}

/**
 * Makes what trains a state. On a backend with a compiler the gradient and the update are recorded at the first step and
 * replayed; on every other they are computed eagerly, by the same code.
 *
 * @param state Changed in place by every step. Borrowed; it must outlive the trainer.
 * @returns The caller disposes it.
 */
export function createTrainer<N>(state: TrainState, settings: TrainSettings<N>): Trainer {
  const { microBatches = 1, shards = 1, maxSkips = 5 } = settings;
  setRecomputeBarrier(computeAfter); // or a graph would keep what a network means to compute again
  const sums = zerosLikeVariables(state.weights);
  const slots = slotsOf(state, sums);
  const program = createProgram({ xla: 'fused', ...settings.compile });
  const gradients = program.compile(function gradients(shards: readonly BatchTensors[], part: Part) {
    return addGradients(settings, state.weights, sums, shards, part);
  });
  const update = program.compile(function update(numbers: AdamNumbers) {
    applyAdam(slots, numbers);
    return null;
  });
  const partOf = (k: number): Part => ({
    parts: microBatches,
    isFirst: k === 0,
    isLast: k === microBatches - 1,
  });
  /** The shards of part k: rows k, k + parts, ... are dealt out to them in turn. */
  const shardsOf = (batch: TrainBatch, draws: Draws, k: number): BatchTensors[] =>
    Array.from({ length: shards }, (_, s) =>
      partTensors(batch, draws, k + s * microBatches, microBatches * shards),
    );
  let isPrepared = false;

  /** Records everything that a step needs before the first one, so that the graph is built once. */
  function prepare(batch: TrainBatch, draws: Draws): void {
    tf.tidy(() => {
      const distinct = new Set([0, Math.min(1, microBatches - 1), microBatches - 1]);
      for (const k of distinct) gradients.prepare(shardsOf(batch, draws, k), partOf(k));
      update.prepare(adamNumbers(0, 1, tf.scalar(1), settings));
    });
    isPrepared = true;
  }

  return {
    program,
    async step(batch, draws) {
      checkArguments(batch, draws, settings);
      if (!isPrepared) prepare(batch, draws);
      const updates = state.step - state.skipped;
      const lr = learningRateAt(settings.learningRate, updates);
      const made = Array.from({ length: microBatches }, (_, k) => {
        const tensors = shardsOf(batch, draws, k);
        try {
          return gradients(tensors, partOf(k));
        } finally {
          for (const { x, y, draws: drawn } of tensors) tf.dispose([x, y ?? [], drawn.tensors]);
        }
      });
      const norm = made.at(-1)?.norm;
      if (norm == null) throw new Error('internal: the last part has no norm.');
      try {
        const scalars = made.flatMap(({ loss, logs }) => [loss, ...Object.values(logs)]);
        const [gradNorm = NaN, ...read] = await readScalars([norm, ...scalars]);
        const [loss = NaN, ...logs] = meanOverParts(Float32Array.from(read), microBatches);
        const skipped = !Number.isFinite(loss) || !Number.isFinite(gradNorm);
        state.step += 1;
        if (skipped) {
          countSkip(state, loss, gradNorm, maxSkips);
        } else {
          state.skippedInRow = 0;
          tf.tidy(() => {
            update(adamNumbers(updates, lr, norm, settings));
          });
        }
        const names = Object.keys(made[0]?.logs ?? {});
        const named = names.map((name, i) => [name, logs[i] ?? NaN] as const);
        return { step: state.step, loss, logs: Object.fromEntries(named), gradNorm, lr, skipped };
      } finally {
        for (const { loss, logs, norm: last } of made) tf.dispose([loss, logs, last ?? []]);
      }
    },
    dispose() {
      program.dispose();
      tf.dispose(sums);
    },
  };
}
