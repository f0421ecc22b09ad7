import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunningBackend } from './backend';
import { isMissing } from './backend';
import { matmulRate } from './matmulRate';
import { startBackend, tryBackend } from './startBackend';

let running: RunningBackend | undefined;
afterEach(() => {
  running?.dispose();
  running = undefined;
});

async function start(...args: Parameters<typeof startBackend>): Promise<RunningBackend> {
  running?.dispose();
  running = await startBackend(...args);
  return running;
}

/** A bit of everything that a training step computes. */
async function computed(): Promise<number[]> {
  const result = tf.tidy(() => {
    const a = tf.reshape<tf.Rank.R2>(tf.sin(tf.range(0, 150 * 130)), [150, 130]);
    const b = tf.reshape<tf.Rank.R2>(tf.cos(tf.range(0, 130 * 70)), [130, 70]);
    const product = tf.matMul(a, b);
    const { value, grad } = {
      value: tf.softmax(product),
      grad: tf.grad((x) => tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, b)))),
    };
    const image = tf.reshape<tf.Rank.R4>(tf.slice(product, [0, 0], [64, 64]), [1, 64, 64, 1]);
    const kernel = tf.reshape<tf.Rank.R4>(tf.sin(tf.range(0, 36)), [3, 3, 1, 4]);
    const pieces = [
      product,
      value,
      grad(a),
      tf.conv2d(image, kernel, 1, 'same'),
      tf.sum(tf.exp(tf.div(product, 50)), 1),
    ];
    return tf.concat(pieces.map((piece) => tf.reshape(piece, [-1])));
  });
  const data = await result.data();
  result.dispose();
  return Array.from(data);
}

describe('startBackend', () => {
  it('starts cpu and wasm, as the active backend', async () => {
    expect(await start('cpu')).toMatchObject({ name: 'cpu', version: '4.22.0', threads: 1, software: false });
    expect(tf.getBackend()).toBe('cpu');
    expect(await start('wasm', { threads: 1 })).toMatchObject({
      name: 'wasm',
      device: 'CPU, 1 thread',
      threads: 1,
    });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('computes the same bits on wasm with any number of threads, and again after a change', async () => {
    await start('wasm', { threads: 1 });
    const single = await computed();
    expect(single.every(Number.isFinite)).toBe(true);
    for (const threads of [2, 3, 1]) {
      expect((await start('wasm', { threads })).threads).toBe(threads);
      expect(await computed()).toEqual(single);
    }
  });

  it('leaves neither listeners nor files behind', async () => {
    const count = () =>
      ['uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event));
    const before = count();
    const scratch = mkdtempSync(join(tmpdir(), 'meanflow-test-'));
    vi.stubEnv('TMPDIR', scratch); // other processes may be starting threads as well
    try {
      await start('wasm', { threads: 2 });
      expect(count()).toEqual(before);
      expect(readdirSync(scratch)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      rmSync(scratch, { recursive: true });
    }
  });

  it('takes at most the threads that there are workers for', async () => {
    expect((await start('wasm', { threads: 99 })).threads).toBe(8);
  });

  it('takes what works for auto', async () => {
    const { name, software } = await start('auto');
    expect(['tensorflow', 'webgpu', 'wasm']).toContain(name);
    expect(software).toBe(false);
  });

  it.each(['tensorflow', 'webgpu'] as const)('says what is missing where %s is', async (name) => {
    const result = await tryBackend(name);
    if (!isMissing(result)) {
      result.dispose();
      expect(result.name).toBe(name);
      return;
    }
    expect(result.missing).not.toBe('');
    await expect(startBackend(name)).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 2,
      message: expect.stringMatching(
        new RegExp(`^--backend ${name} does not work here: .*--backend auto\\.$`),
      ) as string,
    });
  });
});

describe('matmulRate', () => {
  it('is a speed, and frees what it made', async () => {
    await start('wasm', { threads: 1 });
    const before = tf.memory().numTensors;
    const rate = await matmulRate();
    expect(rate).toBeGreaterThan(0.01);
    expect(rate).toBeLessThan(1e5);
    expect(tf.memory().numTensors).toBe(before);
  });
});
