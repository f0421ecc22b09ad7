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
const least: Readonly<Record<SmallNetworkName, number>> = {
  'digits-lenet': 0.97,
  'mnist-lenet': 0.99,
  'cifar10-convnet': 0.8,
};

/** The first images with what PyTorch computes for them. */
function first(name: SmallNetworkName, count: number) {
  const file = golden(import.meta.url.replace('/networks/', '/'), `${name}.safetensors`);
  const [all = 1, height = 0, width = 0, channels = 0] = file.shape('images');
  const part = (tensor: string) => {
    const data = file.data(tensor);
    return data.subarray(0, (data.length / all) * count);
  };
  const shape = [count, height, width, channels] as [number, number, number, number];
  return { shape, pixels: Uint8Array.from(part('images')), part };
}

describeBackends('small feature networks', (backend) => {
  const count = backend === 'cpu' ? 3 : 32; // plain JavaScript takes 0.3 s for an image of CIFAR-10

  it.each(smallNetworkNames)('%s computes what PyTorch computes, and classifies', async (name) => {
    const { shape, pixels, part } = first(name, count);
    const network = await loadSmallNetwork(name);
    const { features, logits } = network.extract(tf.cast(tf.tensor4d(pixels, shape, 'int32'), 'float32'));
    expect(features.shape).toEqual([count, network.featureSize]);
    expectClose(features, part('features'), goldenTolerance[backend]);
    expectClose(logits ?? features, part('logits'), goldenTolerance[backend]);
    const [labels, classes] = [part('labels'), tf.argMax(logits ?? features, 1).dataSync()];
    const right = labels.filter((label, i) => label === classes[i]).length;
    if (count > 3) expect(right / count).toBeGreaterThanOrEqual(network.accuracy - 0.1);
    network.dispose();
  });
  it.each(smallNetworkNames)('%s is the same in batches, compiled, as image by image', async (name) => {
    const [{ shape, pixels, part }, network] = [first(name, count), await loadSmallNetwork(name)];
    const extractor = createFeatureExtractor(network, { batchSize: backend === 'cpu' ? 2 : 12, shards: 2 });
    const { features, featureSize } = await extractor.extract(pixels, shape);
    expect(featureSize * count).toBe(features.length);
    expectClose(features, part('features'), goldenTolerance[backend]);
    const [, ...size] = shape;
    const one = await extractor.extract(pixels.subarray(0, pixels.length / count), [1, ...size]);
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
