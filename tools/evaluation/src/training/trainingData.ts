import { join } from 'node:path';
import { loadDigits } from '@meanflow/data';
import type { ImageDataset } from '@meanflow/data';
import { createImageDecoder, loadMnist, openSource } from '@meanflow/data/node';
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

/** All images of shards, in the order in which they are stored. */
async function readShards(pattern: string): Promise<LabelledImages> {
  const source = await openSource(pattern);
  if (source.access !== 'sequential')
    throw new Error(`train-features: ${pattern} must be WebDataset shards, got another format.`);
  const decoder = createImageDecoder({ workers: 0 });
  const [side, channels] = [32, 3] as const;
  const count = source.shards.reduce((sum, shard) => sum + shard.count, 0);
  const pixels = new Uint8Array(count * side * side * channels);
  const labels = new Int32Array(count);
  let i = 0;
  try {
    for (const shard of source.shards.keys()) {
      for await (const { content, label, key } of source.read(shard, 0)) {
        const files = content.kind === 'encoded' ? [content.bytes] : [];
        const [image] = await decoder.decode(files, { size: null, channels });
        if (typeof image !== 'object' || image.height !== side || image.width !== side)
          throw new Error(`train-features: ${key} must be an image of 32 x 32, got another. Is it CIFAR-10?`);
        pixels.set(image.pixels, i * side * side * channels);
        labels[i++] = label;
      }
    }
  } finally {
    await decoder.close();
    await source.close();
  }
  return { pixels, labels, count, height: side, width: side, channels };
}

async function loadCifar10(folder: string | undefined): Promise<TrainingData> {
  const fromEnvironment = process.env['MEANFLOW_CIFAR10'];
  const at = folder ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  if (at === undefined) {
    throw new Error(
      'train-features: the folder of the CIFAR-10 shards must be given, got none. Set --data or MEANFLOW_CIFAR10.',
    );
  }
  const train = await readShards(join(at, 'cifar10-train-*.tar.gz'));
  const test = await readShards(join(at, 'cifar10-test-*.tar.gz'));
  return {
    train,
    test,
    trainName: `the ${train.count} training images of CIFAR-10, as JPEGs`,
    testName: `the ${test.count} test images, as JPEGs`,
  };
}

/** Reads a recipe's data. */
export async function loadTrainingData(
  name: RecipeName,
  recipe: Recipe,
  folder: string | undefined,
): Promise<TrainingData> {
  if (name === 'digits') return split(loadDigits(), recipe);
  if (name === 'cifar10') return loadCifar10(folder);
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
