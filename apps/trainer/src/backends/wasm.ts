import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import { BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import type { BackendStarter, RunningBackend } from './backend';
import { loadWasmThreads, MAX_THREADS } from './wasmThreads';
import { withoutNewListeners } from './withoutNewListeners';

type Factory = () => tf.KernelBackend | Promise<tf.KernelBackend>;
type WasmModule = ConstructorParameters<typeof BackendWasm>[0];

const singleThreaded = tf.findBackendFactory('wasm'); // registered by the import above

function running(threads: number, dispose: () => void): RunningBackend {
  const device = `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return { name: 'wasm', version: version_wasm, device, threads, software: false, dispose };
}

async function activate(factory: Factory): Promise<boolean> {
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory);
  return withoutNewListeners(() => tf.setBackend('wasm'));
}

/** Starts with threads; null if they do not start, since a single one is always there. */
async function startThreads(threads: number): Promise<RunningBackend | null> {
  try {
    const { module, countThreads, terminate } = await loadWasmThreads(threads);
    if (await activate(() => new BackendWasm(module as WasmModule)))
      return running(countThreads(), terminate);
    terminate();
  } catch {
    // Another emscripten or Node than the one that this was written for.
  }
  return null;
}

/** WebAssembly, with threads where they start. */
export const startWasm: BackendStarter = async ({
  threads = Math.min(availableParallelism(), MAX_THREADS),
}) => {
  const threaded = threads > 1 ? await startThreads(Math.min(threads, MAX_THREADS)) : null;
  if (threaded !== null) return threaded;
  if (await activate(singleThreaded)) return running(1, () => undefined);
  return { missing: 'this version of Node.js does not load its WebAssembly files', fix: null };
};
