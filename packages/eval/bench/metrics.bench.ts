import { absentBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { bench, describe } from 'vitest';
import { createMoments, featureRows, frechetDistance, kernelDistance, neighbourMetrics } from '../src/index';
import { hashed } from '../src/testing/hash';

// The metrics at sizes of small networks; `npm run bench -- evaluation` has those of the Inception network.

const D = 256;
function rowsOf(name: string, count: number): Float32Array {
  const u = hashed(name);
  return Float32Array.from({ length: count * D }, (_, i) => u(i));
}
const [a, b] = [rowsOf('a', 1000), rowsOf('b', 1000)];
const statisticsOf = (rows: Float32Array) => {
  const moments = createMoments(D);
  moments.add(rows);
  return moments.statistics();
};

describe('1000 rows of 256 features', () => {
  const [ofA, ofB] = [statisticsOf(a), statisticsOf(b)];
  bench('moments', () => {
    statisticsOf(a);
  });
  bench('Fréchet distance', () => {
    frechetDistance(ofA, ofB);
  });
  bench('kernel distance, a subset of 1000', () => {
    kernelDistance(featureRows(a, D), featureRows(b, D), { subsets: 1 });
  });
  const backend = absentBackends.tensorflow === undefined ? 'tensorflow' : 'wasm';
  bench(`neighbours on ${backend}`, async () => {
    if (tf.getBackend() !== backend) await tf.setBackend(backend);
    await neighbourMetrics(featureRows(a, D), featureRows(b, D));
  });
});
