import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeNetwork, fromHalves, hashOfData, toHalves } from './networkFile';
import { recipes } from './recipes';
import type { RecipeName } from './recipes';
import { accuracyOf, trainNetwork } from './trainNetwork';
import { loadTrainingData } from './trainingData';

/** Options of the command. */
export interface TrainFeaturesOptions {
  /** Folder of the data. */
  data?: string;
  /** Folder that the weights file is written to. */
  out: string;
  /** File for the state after each epoch. */
  checkpoint?: string;
}

/**
 * Trains a feature network by its recipe and writes its weights file.
 *
 * @param say Gets a line of text now and then.
 */
export async function trainFeatures(
  name: RecipeName,
  { data: folder, out, checkpoint }: TrainFeaturesOptions,
  say: (line: string) => void,
): Promise<void> {
  const recipe = recipes[name];
  const { train, test, trainName, testName } = await loadTrainingData(name, recipe, folder);
  say(`${recipe.name}: ${trainName}, tested with ${testName}`);
  const weights = await trainNetwork(
    recipe,
    train,
    ({ epoch, epochs, loss, imagesPerSecond }) => {
      say(`epoch ${epoch} of ${epochs}, loss ${loss.toFixed(4)}, ${imagesPerSecond.toFixed(0)} images/s`);
    },
    checkpoint,
  );
  const halves = toHalves(weights);
  const accuracy = await accuracyOf(recipe, fromHalves(halves), test);
  const path = join(out, `${recipe.name}.safetensors`);
  const bytes = encodeNetwork(halves, recipe, {
    command: `npx nx build @meanflow/evaluation && node tools/evaluation/dist/cli.js train-features ${name}`,
    trainingData: trainName,
    trainingDataHash: hashOfData(train),
    testData: testName,
    accuracy,
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  say(`accuracy ${accuracy.toFixed(4)}; wrote ${path} (${(bytes.length / 1000).toFixed(0)} kB)`);
}
