import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createProgram } from '@meanflow/compile';
import { convNet } from '@meanflow/eval';
import { applyAdam } from '@meanflow/kernels';
import type { AdamNumbers } from '@meanflow/kernels';
import { permutation } from '@meanflow/random';
import {
  adamNumbers,
  canonicalJson,
  createTrainState,
  decodeWeights,
  encodeWeights,
  restoreTrainState,
  snapshotTrainState,
  toWeights,
} from '@meanflow/train';
import type { HostWeights, JsonValue, TrainState } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs-core';
import { augment } from './augment';
import type { Images } from './augment';
import type { Recipe } from './recipes';
import { batchMoments, foldNormalisation, initialWeights, trainingNetwork } from './trainingNetwork';

/** Images with their classes. */
export interface LabelledImages extends Images {
  readonly labels: Int32Array;
  readonly count: number;
}

/** What a training tells while it runs. */
export interface TrainingProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  /** Since the start of the epoch. */
  readonly imagesPerSecond: number;
}

/** Batches of the pass that measures the statistics of the normalisations. */
const STATISTICS_BATCHES = 80;

/** The learning rate: a straight line up over the first fifth of the steps, then one down to 0. */
export function rateAt(step: number, steps: number, peak: number): number {
  const warmUp = steps / 5;
  return peak * Math.min((step + 1) / warmUp, (steps - step) / (steps - warmUp));
}

function imageTensor({ height, width, channels }: Images, pixels: Uint8Array): tf.Tensor4D {
  const count = pixels.length / (height * width * channels);
  return tf.tensor4d(pixels, [count, height, width, channels], 'int32');
}

/** One step of AdamW; returns the loss. */
function trainingStep(recipe: Recipe, state: TrainState) {
  const { network } = recipe;
  return (images: tf.Tensor4D, labels: tf.Tensor1D, numbers: AdamNumbers): tf.Scalar => {
    const { value, grads } = tf.variableGrads((): tf.Scalar => {
      const { logits } = trainingNetwork(network, state.weights, tf.cast(images, 'float32'));
      const chosen = tf.mul(tf.oneHot(labels, network.numClasses), tf.logSoftmax(logits));
      return tf.neg(tf.mean<tf.Scalar>(tf.sum(chosen, 1)));
    }, Object.values(state.weights));
    const slots = Object.entries(state.weights).map(([name, weight]) => {
      const [m, v, ema, gradient] = [state.m[name], state.v[name], state.ema[name], grads[weight.name]];
      if (!m || !v || !ema || !gradient) throw new Error(`internal: ${name} is not complete.`);
      return { weight, m, v, ema, gradient };
    });
    applyAdam(slots, numbers);
    return value;
  };
}

/** The training's state in a file, so that a training that was ended goes on. */
function checkpointFile(path: string | undefined, config: Recipe) {
  const parts = ['weights', 'ema', 'm', 'v'] as const;
  const key = canonicalJson(config as unknown as JsonValue);
  return {
    async save(state: TrainState): Promise<void> {
      if (path === undefined) return;
      const snapshot = await snapshotTrainState(state);
      const all = parts.flatMap((part) =>
        Object.entries(snapshot[part]).map(([name, value]) => [`${part}/${name}`, value] as const),
      );
      writeFileSync(
        `${path}.new`,
        encodeWeights(Object.fromEntries(all), { step: state.step }, { recipe: key }),
      );
      renameSync(`${path}.new`, path);
    },
    load(): TrainState | null {
      if (path === undefined || !existsSync(path)) return null;
      const { weights, config: stored, metadata } = decodeWeights(new Uint8Array(readFileSync(path)));
      if (metadata['recipe'] !== key)
        throw new Error(
          `train-features: ${path} must be of this recipe, got another one. Remove it to begin anew.`,
        );
      const part = (prefix: string): HostWeights =>
        Object.fromEntries(
          Object.entries(weights)
            .filter(([name]) => name.startsWith(`${prefix}/`))
            .map(([name, value]) => [name.slice(prefix.length + 1), value]),
        );
      const { step } = stored as { step: number };
      const [w, ema, m, v] = parts.map(part) as [HostWeights, HostWeights, HostWeights, HostWeights];
      return restoreTrainState({ weights: w, ema, m, v, step, skipped: 0, skippedInRow: 0 });
    },
  };
}

function freshState(recipe: Recipe): TrainState {
  const initial = toWeights(initialWeights(recipe.network, recipe.seed));
  try {
    return createTrainState(initial);
  } finally {
    tf.dispose(initial);
  }
}

/**
 * Trains a feature network by its recipe.
 *
 * @param checkpoint File for the state after each epoch; a training goes on from it. Default none.
 * @returns The averaged weights of inference.
 */
export async function trainNetwork(
  recipe: Recipe,
  data: LabelledImages,
  report: (progress: TrainingProgress) => void,
  checkpoint?: string,
): Promise<HostWeights> {
  const file = checkpointFile(checkpoint, recipe);
  const state = file.load() ?? freshState(recipe);
  const program = createProgram();
  try {
    const step = program.compile(trainingStep(recipe, state), { name: 'trainingStep' });
    const stepsPerEpoch = Math.floor(data.count / recipe.batchSize);
    for (let epoch = state.step / stepsPerEpoch; epoch < recipe.epochs; epoch++) {
      const progress = await trainEpoch(recipe, data, state, step, epoch);
      await file.save(state);
      report(progress);
    }
    return await inferenceWeights(recipe, data, state);
  } finally {
    program.dispose();
    state.dispose();
  }
}

async function trainEpoch(
  recipe: Recipe,
  data: LabelledImages,
  state: TrainState,
  step: (images: tf.Tensor4D, labels: tf.Tensor1D, numbers: AdamNumbers) => tf.Scalar,
  epoch: number,
): Promise<TrainingProgress> {
  const { batchSize, epochs, seed, learningRate, weightDecay, emaDecay } = recipe;
  const order = permutation({ seed, purpose: 'shuffle', step: epoch }, data.count);
  const stepsPerEpoch = Math.floor(data.count / batchSize);
  const [start, zero] = [performance.now(), tf.scalar(0)];
  let loss = 0;
  for (let i = 0; i < stepsPerEpoch; i++) {
    const indices = order.subarray(i * batchSize, (i + 1) * batchSize);
    const images = imageTensor(data, augment(data, indices, { ...recipe, epoch }));
    const labels = tf.tensor1d(
      Int32Array.from(indices, (index) => data.labels[index] ?? 0),
      'int32',
    );
    const rate = rateAt(state.step, epochs * stepsPerEpoch, learningRate);
    const options = { adam: { beta2: 0.99, weightDecay }, emaDecay };
    const numbers = adamNumbers(state.step, rate, zero, options);
    const value = step(images, labels, numbers);
    loss += (await value.data())[0] ?? NaN;
    state.step++;
    tf.dispose([images, labels, value, { ...numbers }]);
  }
  zero.dispose();
  const seconds = (performance.now() - start) / 1000;
  return {
    ...{ epoch: epoch + 1, epochs },
    loss: loss / stepsPerEpoch,
    imagesPerSecond: (stepsPerEpoch * batchSize) / seconds,
  };
}

/** The averaged weights, with the statistics that they give for unchanged training images in their convolutions. */
async function inferenceWeights(
  recipe: Recipe,
  data: LabelledImages,
  state: TrainState,
): Promise<HostWeights> {
  const { batchSize, network, seed } = recipe;
  const order = permutation({ seed, purpose: 'statistics' }, data.count);
  const batches = Math.min(STATISTICS_BATCHES, Math.floor(data.count / batchSize));
  const sums: Record<string, { mean: Float64Array; variance: Float64Array }> = {};
  for (let i = 0; i < batches; i++) {
    const indices = order.subarray(i * batchSize, (i + 1) * batchSize);
    const images = imageTensor(data, augment(data, indices, { shift: 0, flip: false, seed, epoch: 0 }));
    const moments = tf.tidy(() => batchMoments(network, state.ema, tf.cast(images, 'float32')));
    for (const [name, { mean, variance }] of Object.entries(moments)) {
      const sum = (sums[name] ??= {
        mean: new Float64Array(mean.size),
        variance: new Float64Array(mean.size),
      });
      for (const [c, value] of (await mean.data()).entries())
        sum.mean[c] = (sum.mean[c] ?? 0) + value / batches;
      for (const [c, value] of (await variance.data()).entries())
        sum.variance[c] = (sum.variance[c] ?? 0) + value / batches;
    }
    tf.dispose([images, moments]);
  }
  const { ema } = await snapshotTrainState(state);
  const statistics = Object.entries(sums).map(
    ([name, { mean, variance }]) =>
      [name, { mean: Float32Array.from(mean), variance: Float32Array.from(variance) }] as const,
  );
  return foldNormalisation(ema, Object.fromEntries(statistics));
}

/** Share of images whose class has the largest logit. */
export async function accuracyOf(
  recipe: Recipe,
  weights: HostWeights,
  data: LabelledImages,
): Promise<number> {
  const tensors = toWeights(weights);
  const size = data.height * data.width * data.channels;
  let right = 0;
  try {
    for (let start = 0; start < data.count; start += recipe.batchSize) {
      const end = Math.min(data.count, start + recipe.batchSize);
      const classes = tf.tidy(() => {
        const images = imageTensor(data, data.pixels.subarray(start * size, end * size));
        return tf.argMax(convNet(recipe.network, tensors, tf.cast(images, 'float32')).logits, 1);
      });
      for (const [i, label] of (await classes.data()).entries())
        if (label === data.labels[start + i]) right++;
      classes.dispose();
    }
  } finally {
    tf.dispose(tensors);
  }
  return right / data.count;
}
