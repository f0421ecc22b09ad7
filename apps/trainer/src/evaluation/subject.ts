import type { RunningBackend } from '../backends/backend';
import { loadData } from '../data/loadData';
import type { TrainingData } from '../data/loadData';
import { announceDownloads } from '../run/download';
import { openSampler } from '../run/trainedModel';
import type { TrainedModel } from '../run/trainedModel';
import type { Terminal } from '../terminal';
import { USUAL_COUNT } from './evaluateOptions';
import type { ParsedOptions } from './evaluateOptions';
import { generatedImages } from './generatedImages';
import { storedImages } from './imageSet';
import type { ImageSet } from './imageSet';
import type { EvaluationFile } from './resultFile';

/** Images to judge, one set for each number of evaluations and draw. */
export interface Subject {
  /** What goes into the result about them. */
  readonly description: EvaluationFile['images'];
  readonly sampleShape: readonly number[];
  /** Numbers of evaluations; null for images that are there. */
  readonly nfe: readonly (number | null)[];
  readonly draws: number;
  images(nfe: number | null, draw: number, count?: number): ImageSet;
  /** The images that a model was trained on. */
  trainingData(): Promise<TrainingData>;
  close(): Promise<void>;
}

/** Images that a model draws. */
export function modelSubject(
  source: string,
  trained: TrainedModel,
  { count: wanted, nfe, repeats, seed, which }: ParsedOptions,
  backend: RunningBackend,
  terminal: Terminal,
): Subject {
  const { config, dataset } = trained;
  const own = openSampler(trained, backend);
  const usual = wanted ?? USUAL_COUNT;
  const guidance = config.objective.kind === 'meanflow' ? config.objective.guidance : null;
  return {
    description: {
      ...{ source, count: usual, shape: [...dataset.sampleShape], draws: repeats },
      ...{ seeds: Array.from({ length: repeats }, (_, draw) => seed + draw), step: trained.step },
      ...{
        weights: which === 'ema' ? 'averaged' : 'raw',
        emaDecay: which === 'ema' ? config.ema.decay : null,
      },
      ...{
        objective: config.objective.kind,
        guidance,
        classes: dataset.numClasses === 0 ? 'none' : 'in turn',
      },
    },
    sampleShape: dataset.sampleShape,
    nfe,
    draws: repeats,
    images: (evaluations, draw, count = usual) =>
      generatedImages(own.sampler, dataset, { count, nfe: evaluations ?? 1, seed: seed + draw }),
    trainingData: () => loadData(config.data, { onProgress: announceDownloads(terminal.out) }),
    close: () => {
      own.dispose();
      return Promise.resolve();
    },
  };
}

/**
 * Images that are there.
 *
 * @throws UserError if there are none, or too few.
 */
export async function storedSubject(source: string, { count, size }: ParsedOptions): Promise<Subject> {
  const images = await storedImages(source, {
    option: '--images',
    size,
    ...(count === null ? {} : { count }),
  });
  return {
    description: { source, count: images.count, shape: [...images.sampleShape], size },
    sampleShape: images.sampleShape,
    nfe: [null],
    draws: 1,
    images: (_nfe, _draw, most = images.count) => ({ ...images, count: Math.min(most, images.count) }),
    trainingData: () => Promise.reject(new Error('internal: stored images name no training set.')),
    close: () => images.close(),
  };
}
