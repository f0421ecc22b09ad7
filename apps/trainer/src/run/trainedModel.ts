import { createProgram } from '@meanflow/compile';
import type { Objective } from '@meanflow/core';
import { checkWeights, toVariables, toWeights } from '@meanflow/train';
import type { HostWeights } from '@meanflow/train';
import { loadCheckpointWeights } from '@meanflow/train/node';
import { buildModel, buildObjective, compileOptions, samplerOf } from '@meanflow/train/run';
import type { DatasetInfo, Model, Sampler } from '@meanflow/train/run';
import * as tf from '@tensorflow/tfjs-core';
import type { RunningBackend } from '../backends/backend';
import type { RunConfig } from '../config/schema';
import { withUserInput } from '../userError';
import { readCheckpointConfig } from './checkpointConfig';

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
  return withUserInput(() => {
    const model = buildModel(config.model, dataset);
    const objective = buildObjective(config.objective, dataset.numClasses);
    checkWeights(model.parameters, value.weights, source);
    return { config, dataset, step: value.step, model, objective, weights: value.weights, warnings };
  });
}

/** A sampler that owns its weights. */
export interface OwnSampler {
  readonly sampler: Sampler;
  dispose(): void;
}

/**
 * Puts a model on the backend.
 *
 * @param half Whether dense layers multiply in float16. Default false.
 */
export function openSampler(
  { config, model, objective, weights }: TrainedModel,
  backend: RunningBackend,
  half = false,
): OwnSampler {
  const variables = tf.tidy(() => toVariables(toWeights(weights)));
  const program = createProgram(compileOptions(config.compile));
  return {
    sampler: samplerOf(program, objective, () => model.network(variables), {
      cores: backend.shards,
      half,
    }),
    dispose() {
      program.dispose();
      tf.dispose(variables);
    },
  };
}
