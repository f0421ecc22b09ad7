import { registerCompiler } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import { readFileSync } from 'node:fs';
import { describeBackends, expectClose, expectNoLeakAsync, golden, goldenTolerance } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createFeatureExtractor } from './featureExtractor';
import { loadSmallNetwork, smallNetworkFile, smallNetworkNames } from './smallNetworks';
import type { SmallNetworkName } from './smallNetworks';

registerCompiler(tensorflowCompiler);

/** Test accuracy that each network must have; its file says which images. */
const least: Readonly<Record<SmallNetworkName, number>> = { 'digits-lenet': 0.97, 'mnist-lenet': 0.99 };

const reference = (name: SmallNetworkName) =>
  golden(import.meta.url.replace('/networks/', '/'), `${name}.safetensors`);

describeBackends('small feature networks', (backend) => {
  it.each(smallNetworkNames)('%s computes what PyTorch computes', async (name) => {
    const expected = reference(name);
    const network = await loadSmallNetwork(name);
    const images = expected.tensor<tf.Tensor4D>('images');
    const { features, logits } = network.extract(tf.cast(images, 'float32'));
    expect(features.shape).toEqual([images.shape[0], network.featureSize]);
    expectClose(features, expected.data('features'), goldenTolerance[backend]);
    expectClose(logits ?? features, expected.data('logits'), goldenTolerance[backend]);
    network.dispose();
  });
  it.each(smallNetworkNames)('%s classifies images that it was not trained on', async (name) => {
    const expected = reference(name);
    const network = await loadSmallNetwork(name);
    const classes = tf.tidy(() => {
      const { logits } = network.extract(tf.cast(expected.tensor<tf.Tensor4D>('images'), 'float32'));
      return tf.argMax(logits ?? tf.zeros([1, 1]), 1).dataSync();
    });
    const labels = expected.data('labels');
    const right = labels.filter((label, i) => label === classes[i]).length;
    expect(right / labels.length).toBeGreaterThanOrEqual(network.accuracy - 0.1);
    network.dispose();
  });
  it.each(smallNetworkNames)('%s is the same in batches, compiled, as image by image', async (name) => {
    const [expected, network] = [reference(name), await loadSmallNetwork(name)];
    const [count = 0, height = 0, width = 0, channels = 0] = expected.shape('images');
    const pixels = Uint8Array.from(expected.data('images'));
    const extractor = createFeatureExtractor(network, { batchSize: 12, shards: 2 });
    const { features, featureSize } = await extractor.extract(pixels, [count, height, width, channels]);
    expect(featureSize * count).toBe(features.length);
    expectClose(features, expected.data('features'), goldenTolerance[backend]);
    const size = height * width * channels;
    const one = await extractor.extract(pixels.subarray(0, size), [1, height, width, channels]);
    expect(one.features).toEqual(features.subarray(0, featureSize)); // other images of the batch have no influence
    extractor.dispose();
    network.dispose();
  });
  it('leaves no tensor behind', () =>
    expectNoLeakAsync(async () => {
      const network = await loadSmallNetwork('digits-lenet');
      const extractor = createFeatureExtractor(network, { batchSize: 2 });
      await extractor.extract(new Uint8Array(3 * 64), [3, 8, 8, 1]);
      extractor.dispose();
      network.dispose();
    }));
});

describe('a small network', () => {
  it.each(smallNetworkNames)(
    '%s has the accuracy that its size allows, and says where it comes from',
    async (name) => {
      const network = await loadSmallNetwork(name);
      expect(network.name).toBe(name);
      expect(network.accuracy).toBeGreaterThanOrEqual(least[name]);
      for (const key of ['command', 'recipe', 'trainingData', 'trainingDataHash', 'testData'])
        expect(network.metadata[key]).not.toBe('');
      network.dispose();
    },
  );
  it.each(smallNetworkNames)('%s is the file in the folder weights, below 1 MB', async (name) => {
    const file = readFileSync(new URL(`../../weights/${name}.safetensors`, import.meta.url));
    expect(file.length).toBeLessThan(1e6);
    expect(file.equals(await smallNetworkFile(name))).toBe(true);
  });
  it('is refused by a name that there is none of', async () => {
    await expect(smallNetworkFile('inception' as SmallNetworkName)).rejects.toThrow(
      /^smallNetworkFile: name must be one of digits-lenet.*, got inception\.$/,
    );
  });
});
