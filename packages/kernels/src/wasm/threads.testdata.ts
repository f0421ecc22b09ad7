import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { setKernelThreads } from './runtime';
import type { ThreadsResult } from './threadsWorker.testdata';

/** In a worker, with so many threads; or if it is null, how many a page itself gets. */
export async function run(threads: number | null): Promise<ThreadsResult | number> {
  if (threads !== null) {
    const worker = new Worker(new URL('./threadsWorker.testdata.ts', import.meta.url), { type: 'module' });
    return new Promise<ThreadsResult>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<ThreadsResult>) => {
        worker.terminate();
        resolve(data);
      };
      worker.onerror = ({ message }) => {
        reject(new Error(message));
      };
      worker.postMessage(threads);
    });
  }
  setWasmPaths('/wasm/');
  setThreadsCount(2);
  await tf.setBackend('wasm');
  return setKernelThreads(2);
}
