import { setKernelThreads } from '@meanflow/kernels';
import * as tf from '@tensorflow/tfjs';
import { BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { isMissing } from './backend';
import type { BackendStarter, MissingBackend, RunningBackend } from './backend';
import { cpuCount } from './cpuCount';
import { loadWasmThreads, MAX_THREADS } from './wasmThreads';
import { withoutNewListeners } from './withoutNewListeners';
import { workRate } from './workRate';

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
    if (await activate(() => new BackendWasm(module as WasmModule))) {
      await setKernelThreads(countThreads());
      return running(countThreads(), () => {
        void setKernelThreads(1);
        terminate();
      });
    }
    terminate();
  } catch {
    // Another emscripten or Node than the one that this was written for.
  }
  return null;
}

async function startSingle(): Promise<RunningBackend | MissingBackend> {
  if (await activate(singleThreaded)) return running(1, () => undefined);
  return { missing: 'this version of Node.js does not load its WebAssembly files', fix: null };
}

/** Threads have to be faster by this to be worth their cores. */
const WORTH_IT = 1.1;

/**
 * Measures whether threads help: they wait for work in a loop, which on a machine that is busy, or has fewer cores than it
 * seems, takes more time than they save. Results do not depend on the choice.
 */
async function startFastest(): Promise<RunningBackend | MissingBackend> {
  const threads = Math.min(cpuCount(), MAX_THREADS);
  const single = await startSingle();
  if (threads === 1 || isMissing(single)) return single;
  const singleRate = await workRate();
  const threaded = await startThreads(threads);
  if (threaded === null) return startSingle();
  if ((await workRate()) > WORTH_IT * singleRate) return threaded;
  threaded.dispose();
  return startSingle();
}

/** WebAssembly, with so many threads as are asked for, else as many as help. */
export const startWasm: BackendStarter = async ({ threads }) => {
  if (threads === undefined) return startFastest();
  const threaded = threads > 1 ? await startThreads(Math.min(threads, MAX_THREADS)) : null;
  return threaded ?? startSingle();
};
