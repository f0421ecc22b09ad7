import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convNet, convNetFromBytes } from '@meanflow/eval';
import { describeBackends, expectClose } from '@meanflow/testing';
import { toWeights } from '@meanflow/train';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeNetwork, fromHalves, toHalves } from './networkFile';
import { recipes } from './recipes';
import { accuracyOf, rateAt, trainNetwork } from './trainNetwork';
import { loadTrainingData } from './trainingData';
import { batchMoments, foldNormalisation, initialWeights, trainingNetwork } from './trainingNetwork';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-features-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const short = { ...recipes.digits, epochs: 3 };
const nobody = () => undefined;

it('raises the learning rate over the first fifth, and lowers it to 0', () => {
  expect([0, 4, 19, 20, 60, 99].map((step) => rateAt(step, 100, 1))).toEqual([
    1 / 20,
    5 / 20,
    1,
    1,
    0.5,
    1 / 80,
  ]);
});

describeBackends(
  'the training of a feature network',
  () => {
    it('folds the normalisation into the convolutions', async () => {
      const { network } = recipes.cifar10;
      const host = initialWeights(network, 3);
      const weights = toWeights(host);
      const images = tf.tidy(() =>
        tf.mul(tf.abs(tf.sin(tf.reshape(tf.range(0, 2 * 32 * 32 * 3), [2, 32, 32, 3]))), 255),
      );
      const moments = batchMoments(network, weights, images as tf.Tensor4D);
      const read = Object.entries(moments).map(async ([name, { mean, variance }]) => {
        return [
          name,
          { mean: await mean.data<'float32'>(), variance: await variance.data<'float32'>() },
        ] as const;
      });
      const folded = toWeights(foldNormalisation(host, Object.fromEntries(await Promise.all(read))));
      // With the statistics of the batch itself inference and training compute the same.
      const expected = trainingNetwork(network, weights, images as tf.Tensor4D);
      const actual = convNet(network, folded, images as tf.Tensor4D);
      expectClose(actual.features, expected.features, 1e-4);
      expectClose(actual.logits, expected.logits, 1e-4);
    });

    it('goes on from its checkpoint to the same weights, and classifies', async () => {
      const { train, test } = await loadTrainingData('digits', short, undefined);
      const whole = await trainNetwork(short, train, nobody);
      expect(await accuracyOf(short, whole, test)).toBeGreaterThan(0.85);

      const checkpoint = join(folder, 'state.safetensors');
      const interruption = new Error('the power is off');
      const stop = ({ epoch }: { epoch: number }) => {
        if (epoch === 2) throw interruption;
      };
      await expect(trainNetwork(short, train, stop, checkpoint)).rejects.toBe(interruption);
      expect(existsSync(checkpoint)).toBe(true);
      const epochs: number[] = [];
      const resumed = await trainNetwork(short, train, ({ epoch }) => epochs.push(epoch), checkpoint);
      expect(epochs).toEqual([3]);
      expect(resumed).toEqual(whole);
      await expect(trainNetwork({ ...short, seed: 1 }, train, nobody, checkpoint)).rejects.toThrow(
        `train-features: ${checkpoint} must be of this recipe, got another one. Remove it to begin anew.`,
      );
    });

    it('writes a file that the evaluation reads', async () => {
      const weights = initialWeights(short.network, 0);
      const moments = Object.fromEntries(
        ['stages.0.conv', 'stages.1.conv'].map((name) => {
          const size = weights[`${name}.bias`]?.data.length ?? 0;
          return [name, { mean: new Float32Array(size), variance: new Float32Array(size).fill(1) }];
        }),
      );
      const halves = toHalves(foldNormalisation(weights, moments));
      const bytes = encodeNetwork(halves, short, {
        ...{ command: 'a', trainingData: 'b', trainingDataHash: 'c', testData: 'd', accuracy: 0.5 },
      });
      const network = await convNetFromBytes(bytes);
      expect(network).toMatchObject({ name: 'digits-lenet', accuracy: 0.5, config: short.network });
      const images = tf.fill<tf.Rank.R4>([2, 8, 8, 1], 100);
      const expected = convNet(short.network, toWeights(fromHalves(halves)), images);
      expectClose(network.extract(images).features, expected.features, 0);
      network.dispose();
    });
  },
  ['tensorflow'],
);
