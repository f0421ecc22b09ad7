import { compileOptions, prepareSampler } from '@meanflow/train/run';
import type { Sampler } from '@meanflow/train/run';
import type { RunConfig } from '../config/schema';
import { areImages } from '../data/loadData';
import type { TrainingData } from '../data/loadData';
import { countProgress } from '../output/countProgress';
import type { Terminal } from '../terminal';
import { UserError } from '../userError';
import { chooseNetwork, loadNetwork } from './featureNetworks';
import { prepareFeatures } from './featuresOf';
import { referenceOf } from './findReference';
import { generatedImages, generationRequest } from './generatedImages';
import { trainingImages } from './imageSet';
import { measureImages } from './measureImages';
import { metricLabel } from './metricNames';

/** A cheap evaluation, again and again with the same noise. */
export interface TrainingEvaluation {
  /** Has the sampler recorded for it. */
  prepare(sampler: Sampler): void;
  /** Values by name, such as `FID (mnist-lenet)`. */
  measure(sampler: Sampler): Promise<Readonly<Record<string, number>>>;
  dispose(): void;
}

/**
 * Prepares the evaluation that a configuration wants; null if it wants none. The features of the training set are
 * computed now, or come from the cache.
 *
 * @throws UserError if there is no network for such data.
 */
export async function evaluateWhileTraining(
  data: TrainingData,
  { evaluate, seed, compile }: Pick<RunConfig, 'evaluate' | 'seed' | 'compile'>,
  shards: number,
  terminal: Terminal,
): Promise<TrainingEvaluation | null> {
  if (evaluate.every === null) return null;
  const { info } = data;
  if (!areImages(info))
    throw new UserError(`evaluate.every must be null for the points of ${info.name}, got ${evaluate.every}.`);
  const { sampleShape } = info;
  const network = await loadNetwork(chooseNetwork(evaluate.network, sampleShape, 'evaluate.network'));
  const options = { sampleShape, resize: 'error', compile: compileOptions(compile), shards } as const;
  const features = prepareFeatures(network, options);
  const request = { count: evaluate.count, nfe: evaluate.nfe, seed };
  try {
    const images = await trainingImages(data);
    const progress = countProgress(terminal, `Features of ${images.name}`, images.count);
    const reference = await referenceOf(images, features, { onImages: progress.update }).finally(
      progress.stop,
    );
    return {
      prepare: (sampler) => {
        prepareSampler(sampler, sampleShape, generationRequest(info, request));
      },
      measure: async (sampler) => {
        const { fid } = await measureImages(generatedImages(sampler, info, request), features, reference, [
          'fid',
        ]);
        return { [metricLabel('fid', features.network)]: fid?.distance ?? NaN };
      },
      dispose: () => {
        features.dispose();
      },
    };
  } catch (error) {
    features.dispose();
    throw error;
  }
}
