import { createFeatureExtractor } from '@meanflow/eval';
import type {
  Collector,
  FeatureChoices,
  FeatureExtractor,
  FeatureNetwork,
  ImagesShape,
} from '@meanflow/eval';
import { createProgram } from '@meanflow/compile';
import type { ProgramOptions } from '@meanflow/compile';
import type { ResizeFilter } from '@meanflow/data';
import { UserError, withUserInput } from '../userError';
import type { ImageSet } from './imageSet';

/** How images of another size than the network's are treated. */
export type ResizeChoice = 'error' | ResizeFilter;

/** A feature network that is ready for images of one size. */
export interface Features {
  readonly network: string;
  readonly hash: string;
  /** All that features depend on. */
  readonly choices: FeatureChoices;
  readonly extract: FeatureExtractor['extract'];
  /** Frees the network too. */
  dispose(): void;
}

/** How features are computed. */
export interface FeaturesOptions {
  readonly sampleShape: readonly number[];
  readonly resize: ResizeChoice;
  readonly compile: ProgramOptions;
  /** Parts of a batch that are computed side by side. */
  readonly shards: number;
}

const ROWS_OF_A_SHARD = 50;

const shapeOf = (count: number, [height = 0, width = 0, channels = 0]: readonly number[]): ImagesShape => [
  count,
  height,
  width,
  channels,
];

/**
 * Prepares a network for images.
 *
 * @param network The features own it from now on.
 * @throws UserError if the images do not fit it.
 */
export function prepareFeatures(network: FeatureNetwork, options: FeaturesOptions): Features {
  const { sampleShape, resize, compile, shards } = options;
  const program = createProgram(compile);
  const extractor = createFeatureExtractor(network, {
    batchSize: ROWS_OF_A_SHARD * shards,
    shards,
    resize,
    program,
  });
  const dispose = () => {
    extractor.dispose();
    program.dispose();
    network.dispose();
  };
  try {
    const choices: FeatureChoices = { ...extractor.choices(shapeOf(1, sampleShape)) };
    const { name, hash } = network;
    return {
      network: name,
      hash,
      choices,
      extract: (pixels, shape) => extractor.extract(pixels, shape),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error instanceof RangeError
      ? new UserError(
          `${error.message.replace(/^\w+[.\w]*: /, '')} --resize bicubic brings images to its size.`,
        )
      : error;
  }
}

/**
 * Lets a collector or evaluator see all images of a set.
 *
 * @param onImages Called with the number of images that have been seen.
 */
export async function collectImages(
  images: ImageSet,
  collector: Pick<Collector, 'add'>,
  onImages: (count: number) => void = () => undefined,
): Promise<void> {
  const size = images.sampleShape.reduce((product, n) => product * n, 1);
  let seen = 0;
  await withUserInput(async () => {
    for await (const part of images.parts()) {
      const kept = part.subarray(0, (images.count - seen) * size); // of a set that is to be seen in part
      const count = kept.length / size;
      await collector.add(kept, shapeOf(count, images.sampleShape));
      seen += count;
      onImages(seen);
      if (seen >= images.count) break;
    }
  });
}
