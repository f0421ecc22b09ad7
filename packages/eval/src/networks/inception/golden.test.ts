import { readFileSync } from 'node:fs';
import { registerCompiler } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import { decodeSafetensors } from '@meanflow/safetensors';
import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evalGolden } from '../../testing/goldens';
import { hashFilledInception } from '../../testing/inceptionWeights';
import { createFeatureExtractor } from '../featureExtractor';
import { foldWeights } from './foldWeights';
import type { StateDict } from './foldWeights';
import { inception, inceptionInput } from './inception';
import type { InceptionWeights } from './inception';
import { inceptionNetwork } from './inceptionNetwork';
import type { InceptionOptions } from './inceptionNetwork';
import { inceptionLayout } from './layout';

registerCompiler(tensorflowCompiler);

/** Spread of float32 between torch, its float64 evaluation and TensorFlow is 1e-5; the smallest mistake makes 9e-4. */
const TOLERANCE = 2e-5;

const golden = evalGolden('eval_inception_fid');
const folder = new URL('../../../golden/', import.meta.url);
const { metadata } = decodeSafetensors(readFileSync(new URL('eval_inception_fid.safetensors', folder)));
const blocks = JSON.parse(metadata['blocks'] ?? '[]') as string[];
let tensors: StateDict = {};
beforeAll(() => {
  tensors = hashFilledInception();
});

/** norm(a - b) / norm(b) */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a = NaN, b = NaN] = [actual[i], expected[i]];
    difference += (a - b) ** 2;
    norm += b * b;
  }
  return Math.sqrt(difference / norm);
}

function expectNear(actual: tf.Tensor | ArrayLike<number>, name: string): void {
  const values = 'dataSync' in actual ? actual.dataSync() : actual;
  expect(distance(values, golden.data(name)), name).toBeLessThanOrEqual(TOLERANCE);
}

/** Mean, standard deviation, least and largest value, in float64. */
function statistics(
  values: Iterable<number> & { length: number },
): [mean: number, std: number, min: number, max: number] {
  let [sum, squares, min, max] = [0, 0, Infinity, -Infinity];
  for (const value of values) {
    sum += value;
    squares += value * value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / values.length;
  return [mean, Math.sqrt(squares / values.length - mean * mean), min, max];
}

/** Images with the parameters of a case, e.g. of `32x32`. */
const imagesOf = (size: string): tf.Tensor4D =>
  tf.tidy(() => tf.cast(golden.tensor<tf.Tensor4D>(`${size}/images`), 'float32'));

describe('the hash-filled weights', () => {
  it('are those of the layout, 472 tensors with their first and last values and their sums', () => {
    const layout = JSON.parse(readFileSync(new URL('eval_inception_fid.layout.json', folder), 'utf8')) as {
      tensors: { name: string; shape: number[]; first: number[]; last: number; sum: number }[];
    };
    expect(inceptionLayout()).toEqual(layout.tensors.map(({ name, shape }) => ({ name, shape })));
    for (const { name, first, last, sum } of layout.tensors) {
      const data = tensors[name]?.data ?? new Float32Array();
      expect([...data.subarray(0, first.length), data.at(-1)]).toEqual([...first, last]);
      expect(Math.abs(data.reduce((total, value) => total + value, 0) - sum)).toBeLessThan(
        1e-6 * data.length,
      );
    }
  });
});

describeBackends('the input of the Inception network', (backend) => {
  it.each(['32x32', '64x64', '299x299'])('of %s images is that of both pipelines', (size) => {
    tf.tidy(() => {
      for (const pipeline of ['tf1', 'ptfid'] as const) {
        const x = tf.transpose(inceptionInput(imagesOf(size), pipeline), [0, 3, 1, 2]);
        const [batch] = x.shape;
        const every23rd = Int32Array.from({ length: 13 }, (_, i) => 23 * i);
        const strided = tf.gather(tf.gather(x, tf.tensor1d(every23rd), 2), tf.tensor1d(every23rd), 3);
        const close = (actual: tf.Tensor, name: string) => {
          const expected = golden.tensor(`${size}/${pipeline}/${name}`);
          const largest = tf.max(tf.abs(tf.sub(tf.reshape(actual, expected.shape), expected))).dataSync()[0];
          // TensorFlow 1's is exact to the bit where coordinates are float32; the backend cpu has float64 ones.
          const tolerance = pipeline === 'tf1' && backend !== 'cpu' ? 0 : 6e-6;
          expect(largest, `${pipeline} ${name}`).toBeLessThanOrEqual(tolerance);
        };
        close(tf.slice(x, [0, 0, 0, 0], [1, 3, 16, 16]), 'input_corner');
        close(tf.slice(x, [0, 0, 283, 283], [1, 3, 16, 16]), 'input_corner_end');
        close(tf.slice(strided, [0, 0, 0, 0], [batch, 3, 13, 13]), 'input_strided');
      }
    });
  });
});

describeBackends(
  'the Inception network',
  (backend) => {
    let weights: InceptionWeights = {};
    beforeAll(() => {
      weights = Object.fromEntries(
        Object.entries(foldWeights(tensors)).map(([name, { shape, data }]) => [
          name,
          tf.tensor(data, [...shape]),
        ]),
      );
    });
    afterAll(() => {
      tf.dispose({ ...weights });
    });

    const sizes = backend === 'wasm' ? ['32x32'] : ['32x32', '64x64', '299x299'];
    it.each(sizes)('agrees block by block for %s images', (size) => {
      const stats = golden.data(`${size}/tf1/stats`);
      const check = (block: string, result: tf.Tensor4D) => {
        const row = blocks.indexOf(block);
        const actual = statistics(result.dataSync());
        const [m = 0, std = 0, min = 0, max = 0] = stats.subarray(4 * row, 4 * row + 4);
        for (const [i, expected] of [m, std, min, max].entries())
          expect(Math.abs((actual[i] ?? NaN) - expected) / std, `${block} ${i}`).toBeLessThanOrEqual(
            TOLERANCE,
          );
        const channels = result.shape[3];
        const first = tf.transpose(tf.slice(result, [0, 0, 0, 0], [1, 4, 4, channels]), [0, 3, 1, 2]);
        const corner = tf.gather(first, tf.tensor1d([0, 1, channels - 2, channels - 1], 'int32'), 1);
        expectNear(corner, `${size}/tf1/corner/${block}`);
      };
      tf.tidy(() => {
        const seen = new Set<string>();
        const observe = (block: string, result: tf.Tensor4D) => {
          seen.add(block);
          tf.tidy(() => {
            check(block, result);
          });
        };
        const output = inception(weights, inceptionInput(imagesOf(size), 'tf1'), { observe });
        expect([...seen]).toEqual(blocks.filter((block) => block !== 'AvgPool'));
        expectNear(output.features, `${size}/tf1/2048`);
        expectNear(output.spatial, `${size}/tf1/spatial`);
        expectNear(output.logitsUnbiased, `${size}/tf1/logits_unbiased`);
        expectNear(output.logits, `${size}/tf1/logits`);
      });
    });
  },
  ['wasm', 'tensorflow'],
);

describeBackends(
  'the Inception network as a feature network',
  () => {
    const pixels = () => Uint8Array.from(golden.data('32x32/images'));
    const open = (options: InceptionOptions) =>
      inceptionNetwork({ name: 'inception', hash: '' }, tensors, options);

    it('gives the same compiled, for a batch in two parts, and leaves no tensor behind', async () => {
      const before = tf.memory().numTensors;
      const network = open({ pipeline: 'tf1' });
      const extractor = createFeatureExtractor(network, { batchSize: 2, shards: 2 });
      const { features, logits = [], spatial = [] } = await extractor.extract(pixels(), [2, 32, 32, 3]);
      expectNear(features, '32x32/tf1/2048');
      expectNear(logits, '32x32/tf1/logits_unbiased');
      expectNear(spatial, '32x32/tf1/spatial');
      extractor.dispose();
      network.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
    it.each([
      ['tf1', 64],
      ['tf1', 192],
      ['tf1', 768],
      ['ptfid', 64],
      ['ptfid', 192],
      ['ptfid', 768],
      ['ptfid', 2048],
    ] as const)('gives the features of pipeline %s, %d of them', (pipeline, featureSize) => {
      const network = open({ pipeline, featureSize });
      const before = tf.memory().numTensors;
      const images = imagesOf('32x32');
      const output = network.extract(images);
      expectNear(output.features, `32x32/${pipeline}/${featureSize}`);
      tf.dispose([images, { ...output }]);
      expect(tf.memory().numTensors).toBe(before);
      network.dispose();
    });
  },
  ['tensorflow'],
);
