import { createProgram } from '@meanflow/compile';
import { resizeImage } from '@meanflow/data';
import { expectNoLeakAsync } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFeatureExtractor } from './featureExtractor';
import type { FeatureNetwork, NetworkOutput } from './featureNetwork';

beforeAll(() => tf.setBackend('cpu'));

/** Features: the first and the last value of an image. It notes the shapes that it is given. */
function fakeNetwork(parts: Partial<FeatureNetwork> = {}) {
  const shapes: number[][] = [];
  const network: FeatureNetwork = {
    ...{ name: 'ends', hash: 'abc', inputSize: 2, channels: 1, featureSize: 2, batchSize: 4 },
    preprocessing: 'none',
    extract: (images) => {
      shapes.push(images.shape);
      return tf.tidy((): NetworkOutput & tf.NamedTensorMap => {
        const [batch, ...rest] = images.shape;
        const rows = tf.reshape<tf.Rank.R2>(images, [batch, rest.reduce((product, n) => product * n, 1)]);
        const column = (at: number) => tf.slice(rows, [0, at], [batch, 1]);
        const features: tf.Tensor2D = tf.concat([column(0), column(rows.shape[1] - 1)], 1);
        return { features, logits: tf.mul<tf.Tensor2D>(features, 10) };
      });
    },
    dispose: () => undefined,
    ...parts,
  };
  return { network, shapes };
}

const count = (n: number) => Uint8Array.from({ length: n }, (_, i) => i);

describe('createFeatureExtractor', () => {
  it('gives features in the order of the images, in batches of one size', async () => {
    const { network, shapes } = fakeNetwork();
    const extractor = createFeatureExtractor(network);
    const { features, logits, spatial, featureSize } = await extractor.extract(count(24), [6, 2, 2, 1]);
    expect([...features]).toEqual([0, 3, 4, 7, 8, 11, 12, 15, 16, 19, 20, 23]);
    expect([...(logits ?? [])]).toEqual([...features].map((value) => 10 * value));
    expect([spatial, featureSize]).toEqual([undefined, 2]);
    expect(shapes).toEqual([
      [4, 2, 2, 1],
      [4, 2, 2, 1],
    ]);
    extractor.dispose();
  });
  it('gives nothing for no images', async () => {
    const extractor = createFeatureExtractor(fakeNetwork().network);
    expect((await extractor.extract(new Uint8Array(), [0, 2, 2, 1])).features).toHaveLength(0);
  });
  it('gives the same whatever the batches and their parts are', async () => {
    const whole = await createFeatureExtractor(fakeNetwork().network).extract(count(36), [9, 2, 2, 1]);
    for (const [batchSize, shards] of [
      [1, 1],
      [6, 3],
      [9, 1],
      [20, 4],
    ] as const) {
      const extractor = createFeatureExtractor(fakeNetwork().network, { batchSize, shards });
      expect(await extractor.extract(count(36), [9, 2, 2, 1])).toEqual(whole);
    }
  });
  it('repeats grey images in three channels, and says so', async () => {
    const { network, shapes } = fakeNetwork({ channels: 3 });
    const extractor = createFeatureExtractor(network, { batchSize: 1 });
    const { features } = await extractor.extract(count(4), [1, 2, 2, 1]);
    expect([shapes, [...features]]).toEqual([[[1, 2, 2, 3]], [0, 3]]);
    expect(extractor.choices([1, 2, 2, 1])).toEqual({
      ...{ network: 'ends', hash: 'abc', preprocessing: 'none', resize: 'none', greyRepeated: true },
    });
    expect(extractor.choices([1, 2, 2, 3]).greyRepeated).toBe(false);
  });
  it('resizes as Pillow does where that is asked for, and says so', async () => {
    const { network, shapes } = fakeNetwork();
    const extractor = createFeatureExtractor(network, { batchSize: 1, resize: 'bicubic' });
    const pixels = Uint8Array.from({ length: 2 * 30 }, (_, i) => (37 * i) % 256);
    const shape = [2, 6, 5, 1] as const;
    const { features } = await extractor.extract(pixels, shape);
    const ends = [0, 1].flatMap((i) => {
      const part = pixels.subarray(30 * i, 30 * (i + 1));
      const image = resizeImage(
        { kind: 'pixels', pixels: part, height: 6, width: 5, channels: 1 },
        2,
        2,
        'bicubic',
      );
      return [image.pixels[0], image.pixels[3]];
    });
    expect([...features]).toEqual(ends);
    expect(shapes).toEqual([
      [1, 2, 2, 1],
      [1, 2, 2, 1],
    ]);
    expect(extractor.choices(shape).resize).toBe('bicubic');
    expect(extractor.choices([2, 2, 2, 1]).resize).toBe('none');
  });
  it('leaves images of any size to a network that takes them', () => {
    const extractor = createFeatureExtractor(fakeNetwork({ inputSize: null }).network, { resize: 'box' });
    expect(extractor.choices([1, 7, 9, 1]).resize).toBe('none');
  });
  it('leaves no tensor behind, and a program that it was given as it was', () =>
    expectNoLeakAsync(async () => {
      const program = createProgram();
      const extractor = createFeatureExtractor(fakeNetwork().network, { program });
      await extractor.extract(count(4), [1, 2, 2, 1]);
      extractor.dispose();
      await extractor.extract(count(4), [1, 2, 2, 1]);
      program.dispose();
    }));
  it('refuses what does not fit, in one sentence', async () => {
    const { network } = fakeNetwork();
    const extractor = createFeatureExtractor(network);
    await expect(extractor.extract(count(9), [1, 3, 3, 1])).rejects.toThrow(
      'createFeatureExtractor: ends takes images of 2 x 2, got 3 x 3. Likely fix: evaluate with the network of this data set, or set resize.',
    );
    await expect(extractor.extract(count(12), [1, 2, 2, 3])).rejects.toThrow(
      'createFeatureExtractor: ends takes images with one channel, got 3. Likely fix: evaluate with the network of this data set.',
    );
    await expect(extractor.extract(count(9), [2, 2, 2, 1])).rejects.toThrow(
      'createFeatureExtractor: images [2, 2, 2, 1] must have 8 pixels, got 9.',
    );
    expect(() => createFeatureExtractor(network, { batchSize: 0 })).toThrow(
      'createFeatureExtractor: batchSize must be an integer of at least 1, got 0.',
    );
    expect(() => createFeatureExtractor(network, { batchSize: 4, shards: 3 })).toThrow(
      'createFeatureExtractor: shards must divide batchSize 4, got 3.',
    );
  });
});
