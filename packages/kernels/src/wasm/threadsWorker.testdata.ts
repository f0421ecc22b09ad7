import { jvp } from '@meanflow/jvp';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { selfAttention } from '../attention';
import { gatedResidual } from '../gatedResidual';
import { gelu } from '../gelu';
import { layerNormModulate } from '../layerNorm';
import { linear } from '../linear';
import { kernelThreads, setKernelThreads } from './runtime';

/** What was computed with several threads. */
export interface ThreadsResult {
  /** That `setKernelThreads` gave, and that there were then. */
  readonly threads: readonly [number, number];
  /** Names of what differs from the results of one thread in any bit. */
  readonly different: readonly string[];
}

const drawn = (shape: number[], purpose: string) =>
  tf.tensor(normals({ seed: 5, purpose }, tf.util.sizeFromShape(shape)), shape);

const cases: readonly [name: string, f: (...inputs: tf.Tensor[]) => tf.Tensor, shapes: number[][]][] = [
  ['a product of many rows', linear, [[5, 203, 96], [96, 100], [100]]],
  ['a product of few rows', linear, [[7, 130], [130, 1001], [1001]]],
  ['attention', (qkv) => selfAttention(qkv, 3), [[5, 49, 144]]],
  ['gelu', gelu, [[40_007]]],
  ['layerNormModulate', layerNormModulate, [[7, 33, 256], [7, 256], [7, 256]]],
  ['gatedResidual', gatedResidual, [[7, 33, 256], [7, 256], [7, 33, 256]]],
]; // prettier-ignore

/** The bits of value, tangent and gradients of each case. */
async function computed(): Promise<Map<string, string>> {
  const results = new Map<string, string>();
  for (const [name, f, shapes] of cases) {
    const result = tf.tidy(() => {
      const inputs = shapes.map((shape, i) => drawn(shape, `input ${i}`));
      const directions = shapes.map((shape, i) => drawn(shape, `direction ${i}`));
      const { value, tangent } = jvp(f, inputs, directions);
      const gradients = tf.grads(f)(inputs, drawn(value.shape, 'dy'));
      return tf.concat([value, tangent, ...gradients].map((part) => tf.reshape(part, [-1])));
    });
    results.set(name, new Int32Array((await result.data<'float32'>()).slice().buffer).join());
    result.dispose();
  }
  return results;
}

onmessage = async ({ data: threads }: MessageEvent<number>) => {
  setWasmPaths('/wasm/');
  setThreadsCount(2);
  await tf.setBackend('wasm');
  const single = await computed();
  const started = await setKernelThreads(threads);
  const shared = await computed();
  const different = [...single].filter(([name, bits]) => shared.get(name) !== bits).map(([name]) => name);
  const result: ThreadsResult = { threads: [started, kernelThreads()], different };
  tf.removeBackend('wasm');
  postMessage(result);
};
