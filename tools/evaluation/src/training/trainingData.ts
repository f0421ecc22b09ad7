import { loadDigits } from '@meanflow/data';
import type { ImageDataset } from '@meanflow/data';
import { loadMnist } from '@meanflow/data/node';
import { permutation } from '@meanflow/random';
import type { Recipe, RecipeName } from './recipes';
import type { LabelledImages } from './trainNetwork';

/** Images to train on and to test with, and what they are in words. */
export interface TrainingData {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly trainName: string;
  readonly testName: string;
}

const labelled = (dataset: ImageDataset): LabelledImages => ({ ...dataset, pixels: dataset.images });

/** The images of a set at the given places. */
function choose(data: LabelledImages, places: Uint32Array): LabelledImages {
  const size = data.height * data.width * data.channels;
  const pixels = new Uint8Array(places.length * size);
  for (const [i, place] of places.entries())
    pixels.set(data.pixels.subarray(place * size, (place + 1) * size), i * size);
  const labels = Int32Array.from(places, (place) => data.labels[place] ?? 0);
  return { ...data, pixels, labels, count: places.length };
}

/** A random share is for the test; which one follows from the seed. */
function split(dataset: ImageDataset, { heldOut, seed }: Recipe): TrainingData {
  const data = labelled(dataset);
  const order = permutation({ seed, purpose: 'held out' }, data.count);
  const count = Math.round(data.count * heldOut);
  return {
    test: choose(data, order.subarray(0, count)),
    train: choose(data, order.subarray(count)),
    trainName: `${data.count - count} of the ${data.count} images of ${dataset.name}`,
    testName: `the other ${count} images`,
  };
}

/** Reads a recipe's data. */
export async function loadTrainingData(
  name: RecipeName,
  recipe: Recipe,
  folder: string | undefined,
): Promise<TrainingData> {
  if (name === 'digits') return split(loadDigits(), recipe);
  const at = folder === undefined ? {} : { folder };
  const [train, test] = await Promise.all([
    loadMnist({ ...at, split: 'train' }),
    loadMnist({ ...at, split: 'test' }),
  ]);
  return {
    train: labelled(train),
    test: labelled(test),
    trainName: `the ${train.count} training images of MNIST`,
    testName: `the ${test.count} test images`,
  };
}
