import { batchesOf } from '@meanflow/data';
import type { ImageDataset } from '@meanflow/data';
import { createTrainer, snapshotTrainState, toPixels } from '@meanflow/train';
import type { Checkpoint, JsonValue, StepReport, TrainSnapshot } from '@meanflow/train';
import {
  buildModel,
  buildObjective,
  countWeights,
  drawSamples,
  openState,
  prepareSampler,
  readRunConfig,
  samplerOf,
  spreadLabels,
  stepInputs,
  trainSettings,
} from '@meanflow/train/run';
import type { DatasetInfo, RunConfig } from '@meanflow/train/run';
import { samplesPerClass } from './choices';
import type { SampleGrid } from './history';

/** Which weights draw the shown samples, and in how many network calls. */
export interface Shown {
  /** Averaged weights, or those as trained. */
  readonly weights: 'ema' | 'model';
  readonly nfe: number;
}

/** A training that is open: its state is on the backend, until `dispose`. */
export interface Session {
  /** The configuration as weights files carry it. */
  readonly carried: JsonValue;
  readonly config: RunConfig;
  readonly info: DatasetInfo;
  /** Number of trainable numbers. */
  readonly weights: number;
  /** Steps done. */
  readonly step: number;
  /** One step. Await each before the next, and before `draw` and `checkpoint`. */
  train(): Promise<StepReport>;
  /** Samples from the same noise each time, one row a class. */
  draw(shown: Shown): Promise<SampleGrid>;
  /** What the training can go on from. */
  checkpoint(): Promise<Checkpoint>;
  dispose(): void;
}

const MOST_ROWS = 20;

/** Classes of the samples, a row each; null without classes. */
function gridLabels(info: DatasetInfo): { count: number; labels: Int32Array | null } {
  const columns = samplesPerClass(info);
  if (info.numClasses === 0) return { count: columns * columns, labels: null };
  const rows = Math.min(info.numClasses, MOST_ROWS);
  const classes = Array.from({ length: rows }, (_, i) => i);
  return { count: rows * columns, labels: spreadLabels(classes, rows * columns) };
}

/** What a data set is to a run. */
export function infoOf(dataset: ImageDataset): DatasetInfo {
  const { name, count, height, width, channels, numClasses } = dataset;
  return { name, count, sampleShape: [height, width, channels], numClasses };
}

/** Whether a run mirrors its images. */
function flips(carried: JsonValue): boolean {
  const { data } = carried as { data: { horizontalFlip?: JsonValue } };
  return data.horizontalFlip === true;
}

/**
 * Puts a training on the active backend: batches, draws, updates and samples are those of `meanflow train` with the
 * same configuration.
 *
 * @param carried The configuration, as `checkpointConfig` makes it.
 * @param dataset Its data. Borrowed until `dispose`.
 * @param snapshot Where to go on; null: at step 0.
 * @throws RangeError, one sentence, if configuration, data and snapshot do not fit each other.
 */
export function openSession(
  carried: JsonValue,
  dataset: ImageDataset,
  snapshot: TrainSnapshot | null,
): Session {
  const { config, dataset: info } = readRunConfig(carried, 'this run');
  const model = buildModel(config.model, info);
  const objective = buildObjective(config.objective, info.numClasses);
  const source = batchesOf(dataset, { seed: config.seed, horizontalFlip: flips(carried) });
  const { count, labels } = gridLabels(info);
  const state = openState(model, snapshot && { snapshot }, config.seed);
  const trainer = createTrainer(state, trainSettings(config, model, objective));
  const samplers = {
    ema: samplerOf(trainer.program, objective, () => model.network(state.ema)),
    model: samplerOf(trainer.program, objective, () => model.network(state.weights)),
  };
  const request = { count, labels, seed: config.seed, nfe: 1 };
  prepareSampler(samplers.ema, info.sampleShape, request);
  const [height = 0, width = 0, channels = 0] = info.sampleShape;
  return {
    carried,
    config,
    info,
    weights: countWeights(model),
    get step() {
      return state.step;
    },
    train() {
      const found = source.batchAt(state.step, config.batchSize);
      const { batch, draws } = stepInputs(found, source, objective, config, state.step);
      return trainer.step(batch, draws);
    },
    async draw({ weights, nfe }) {
      const { step } = state;
      const values = await drawSamples(samplers[weights], info.sampleShape, { ...request, nfe });
      return { step, shape: [count, height, width, channels], pixels: toPixels(values) };
    },
    async checkpoint() {
      return { snapshot: await snapshotTrainState(state), seed: config.seed, data: null, config: carried };
    },
    dispose() {
      trainer.dispose();
      state.dispose();
    },
  };
}
