import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
import twiceUrl from './twice.ts?url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

/** What the harness is tested with. */
export type Request =
  | { readonly kind: 'echo'; readonly value: unknown }
  | { readonly kind: 'throw' }
  | { readonly kind: 'reject' }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'worker'; readonly value: number }
  | { readonly kind: 'file' }
  | { readonly kind: 'adapter' }
  | { readonly kind: 'product'; readonly backend: 'webgpu' | 'wasm' };

function askWorker(value: number): Promise<unknown> {
  const worker = new Worker(new URL('./double.worker.ts', import.meta.url), { type: 'module' });
  return new Promise((done, fail) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      done(data);
    };
    worker.onerror = ({ message }) => {
      fail(new Error(message));
    };
    worker.postMessage(value);
  });
}

async function product(backend: string) {
  setWasmPaths('/wasm/');
  await tf.setBackend(backend);
  const c = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([1, 0, 1, 1], [2, 2]));
  return { backend: tf.getBackend(), values: [...(await c.data())] };
}

/** Runs in a page. */
export async function run(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'echo':
      return { value: request.value, isolated: crossOriginIsolated };
    case 'throw':
      throw new RangeError('thrown in the page');
    case 'reject':
      void Promise.reject(new Error('nobody waits for this'));
      await new Promise((done) => setTimeout(done, 50));
      return null;
    case 'log':
      console.error(request.text);
      return null;
    case 'worker':
      return askWorker(request.value);
    case 'file':
      return (await fetch(twiceUrl)).text();
    case 'adapter':
      return (await navigator.gpu.requestAdapter())?.info.architecture ?? null;
    case 'product':
      return product(request.backend);
  }
}
