import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import {
  applyAdam,
  gatedResidual,
  gelu,
  geluLinear,
  kernelThreads,
  layerNormModulate,
  linear,
  selfAttention,
  setKernelThreads,
} from '@meanflow/kernels';
import { jvp } from '@meanflow/jvp';
import { normals } from '@meanflow/random';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunningBackend } from './backend';
import { startBackend } from './startBackend';

let running: RunningBackend | undefined;
afterEach(() => {
  running?.dispose();
  running = undefined;
});

async function start(threads: number): Promise<void> {
  running?.dispose();
  running = await startBackend('wasm', { threads });
}

const drawn = (shape: number[], purpose: string) =>
  tf.tensor(normals({ seed: 5, purpose }, tf.util.sizeFromShape(shape)), shape);

/** Value, gradients and tangent of a function of several tensors, side by side. */
function derivatives(f: (...inputs: tf.Tensor[]) => tf.Tensor, shapes: number[][]): tf.Tensor {
  const inputs = shapes.map((shape, i) => drawn(shape, `input ${i}`));
  const directions = shapes.map((shape, i) => drawn(shape, `direction ${i}`));
  const { value, tangent } = jvp(f, inputs, directions);
  const gradients = tf.grads(f)(inputs, drawn(value.shape, 'dy'));
  return tf.concat([value, tangent, ...gradients].map((result) => tf.reshape(result, [-1])));
}

/** A step of Adam for a weight of so many numbers. */
function adamStep(size: number): tf.Tensor {
  const tensors = ['weight', 'm', 'v', 'ema', 'gradient'].map((name) => drawn([size], name));
  const [weight, m, v, ema] = tensors.slice(0, 4).map((tensor) => tf.variable(tf.abs(tensor)));
  const names = ['beta1', 'beta1Rest', 'beta2', 'beta2Rest', 'epsilon', 'stepSize', 'correction2'] as const;
  const numbers = Object.fromEntries(
    [...names, 'emaDecay', 'emaRest'].map((name, i) => [name, tf.scalar(0.1 + 0.05 * i)]),
  );
  applyAdam([{ weight, m, v, ema, gradient: tensors[4] }] as never, numbers as never);
  const results = tf.concat([weight, m, v, ema] as tf.Tensor[]);
  tf.dispose([weight, m, v, ema]);
  return results;
}

/** Each kernel, over sizes that are divided and that are not, in parts that are equal and that are not. */
const cases: Readonly<Record<string, () => tf.Tensor>> = {
  'a product of many rows': () => derivatives(linear, [[5, 203, 96], [96, 100], [100]]),
  'a product of few rows': () => derivatives(linear, [[7, 130], [130, 1001], [1001]]),
  'a product of few rows and columns': () => derivatives(linear, [[50, 4001], [4001, 50], [50]]),
  'a product that is not divided': () => derivatives(linear, [[3, 5], [5, 7], [7]]),
  'the product of an activation': () => derivatives(geluLinear, [[3, 77, 128], [128, 60], [60]]),
  attention: () => derivatives((qkv) => selfAttention(qkv, 3), [[5, 49, 3 * 48]]),
  'attention of one sample': () => derivatives((qkv) => selfAttention(qkv, 4), [[1, 130, 3 * 64]]),
  gelu: () => derivatives(gelu, [[40_007]]),
  'gelu of very few': () => derivatives(gelu, [[5]]),
  layerNormModulate: () =>
    derivatives(layerNormModulate, [
      [7, 33, 256],
      [7, 256],
      [7, 256],
    ]),
  'layerNormModulate of one sample': () =>
    derivatives(layerNormModulate, [
      [1, 333, 256],
      [1, 256],
      [1, 256],
    ]),
  gatedResidual: () =>
    derivatives(gatedResidual, [
      [7, 33, 256],
      [7, 256],
      [7, 33, 256],
    ]),
  applyAdam: () => adamStep(50_003),
};

const bytesOf = (values: Float32Array = new Float32Array()) => Buffer.from(values.slice().buffer);

async function computed(): Promise<Map<string, Float32Array>> {
  const results = new Map<string, Float32Array>();
  for (const [name, compute] of Object.entries(cases)) {
    const result = tf.tidy(compute);
    results.set(name, (await result.data<'float32'>()).slice());
    result.dispose();
  }
  return results;
}

describe('threads of the wasm kernels', () => {
  it('give the same bits, however many', async () => {
    await start(1);
    expect(kernelThreads()).toBe(1);
    const single = await computed();
    for (const threads of [2, 3]) {
      await start(threads);
      expect(kernelThreads()).toBe(threads);
      const shared = await computed();
      for (const [name, values] of single) {
        expect(values.every(Number.isFinite), name).toBe(true);
        expect(bytesOf(shared.get(name)).equals(bytesOf(values)), name).toBe(true);
      }
    }
  });

  it('give the same bits at each of many calls', async () => {
    await start(3);
    const [a, b] = [drawn([400, 64], 'a'), drawn([64, 200], 'b')];
    const product = () => bytesOf(tf.tidy(() => linear(a, b).dataSync<'float32'>().slice()));
    const first = product();
    for (let i = 0; i < 40; i++) expect(product().equals(first)).toBe(true);
    tf.dispose([a, b]);
  });

  it('go on when memory grows', async () => {
    await start(2);
    const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
    const before = wasm.HEAPU8.length;
    const large: tf.Tensor[] = [];
    while (wasm.HEAPU8.length === before) large.push(tf.zeros([4_000_000]));
    const [value] = tf.tidy(() =>
      gelu(tf.fill([3_000_000], 1))
        .dataSync()
        .slice(-1),
    );
    expect(value).toBeCloseTo(0.841192, 5);
    tf.dispose(large);
  });

  it('end when another number is set, and with the backend', async () => {
    await start(2);
    const computesOne = () => tf.tidy(() => linear(tf.ones([512, 64]), tf.ones([64, 64])).dataSync()[0]);
    expect(await setKernelThreads(3)).toBe(3);
    expect(computesOne()).toBe(64);
    const [earlier, later] = [setKernelThreads(2), setKernelThreads(4)];
    expect([await later, kernelThreads()]).toEqual([4, 4]);
    await earlier;
    expect(kernelThreads()).toBe(4);
    expect(await setKernelThreads(1)).toBe(1);
    expect([computesOne(), kernelThreads()]).toEqual([64, 1]);
    await start(1);
    expect(kernelThreads()).toBe(1);
  });

  it.skipIf(process.platform !== 'linux')('leave none behind, however often they are started', async () => {
    const count = () => readdirSync('/proc/self/task').length;
    await start(1);
    const before = count();
    for (let round = 0; round < 3; round++) {
      await start(3);
      await start(1); // removes the other backend
    }
    await vi.waitFor(
      () => {
        expect(count()).toBeLessThanOrEqual(before);
      },
      { timeout: 10_000 },
    );
  });

  it.each([
    ['cannot be made', 'threads are switched off'],
    ['end at once', null],
  ])('are one where threads %s', async (_, refusal) => {
    await start(2);
    class Failing extends Worker {
      constructor(_script: string, options: WorkerOptions) {
        if (refusal !== null) throw new Error(refusal);
        super('throw new Error("ended")', options);
      }
    }
    const modules = vi.spyOn(process, 'getBuiltinModule');
    modules.mockReturnValue({ Worker: Failing });
    try {
      expect([await setKernelThreads(2), kernelThreads()]).toEqual([1, 1]);
    } finally {
      modules.mockRestore();
    }
    expect(tf.tidy(() => linear(tf.ones([512, 64]), tf.ones([64, 64])).dataSync()[0])).toBe(64);
  });

  it('are one where memory is not shared, and on other backends', async () => {
    await start(1);
    expect(await setKernelThreads(2)).toBe(1);
    await startBackend('cpu');
    expect([await setKernelThreads(2), kernelThreads()]).toEqual([1, 1]);
    await expect(setKernelThreads(0)).rejects.toThrow(
      'setKernelThreads: threads must be a whole number of at least 1, got 0.',
    );
  });
});
