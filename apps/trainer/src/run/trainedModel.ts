import { createProgram } from '@meanflow/compile';
import type { Objective } from '@meanflow/core';
import { checkWeights, toVariables, toWeights } from '@meanflow/train';
import type { HostWeights } from '@meanflow/train';
import { loadCheckpointWeights } from '@meanflow/train/node';
import * as tf from '@tensorflow/tfjs-core';
import type { RunningBackend } from '../backends/backend';
import type { RunConfig } from '../config/schema';
import type { DatasetInfo } from '../data/loadData';
import { buildModel } from '../model';
import type { Model } from '../model';
import { buildObjective } from '../objective';
import { withUserInput } from '../userError';
import { readCheckpointConfig } from './checkpointConfig';
import { compileOptions } from './compileOptions';
import { samplerOf } from './drawSamples';
import type { Sampler } from './drawSamples';

/** A model of a checkpoint, on the host. */
export interface TrainedModel {
  readonly config: RunConfig;
  readonly dataset: DatasetInfo;
  /** Training step that its weights are of. */
  readonly step: number;
  readonly model: Model;
  readonly objective: Objective;
  readonly weights: HostWeights;
  /** Sentences that the user should read. */
  readonly warnings: readonly string[];
}

/**
 * Reads a model, from a run or one of its checkpoints.
 *
 * @param which Averaged weights, or those as trained.
 * @throws UserError if there is none, or it is damaged.
 */
export async function readTrainedModel(path: string, which: 'ema' | 'model'): Promise<TrainedModel> {
  const { value, warnings, path: source } = await withUserInput(() => loadCheckpointWeights(path, which));
  const { config, dataset } = readCheckpointConfig(value.config, source);
  const model = buildModel(config.model, dataset);
  const objective = buildObjective(config.objective, dataset.numClasses);
  await withUserInput(() => { checkWeights(model.parameters, value.weights, source); }); // prettier-ignore
  return { config, dataset, step: value.step, model, objective, weights: value.weights, warnings };
}

/** A sampler that owns its weights. */
export interface OwnSampler {
  readonly sampler: Sampler;
  dispose(): void;
}

/** Puts a model on the backend. */
export function openSampler(
  { config, model, objective, weights }: TrainedModel,
  backend: RunningBackend,
): OwnSampler {
  const variables = tf.tidy(() => toVariables(toWeights(weights)));
  const program = createProgram(compileOptions(config.compile));
  return {
    sampler: samplerOf(program, objective, () => model.network(variables), backend.shards),
    dispose() {
      program.dispose();
      tf.dispose(variables);
    },
  };
}
