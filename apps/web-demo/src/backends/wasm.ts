import { setKernelThreads } from '@meanflow/kernels';
import { BackendWasm, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendInfo, BackendStarter } from './backendInfo';

type WasmModule = ConstructorParameters<typeof BackendWasm>[0];

function running(threads: number, notes: readonly string[] = []): BackendInfo {
  const device = threads === 1 ? '1 thread' : `${threads} threads`;
  return { name: 'wasm', device, threads, isSoftware: false, notes };
}

async function startThreads(wanted: number): Promise<BackendInfo> {
  const { loadWasmThreads } = await import('./wasmThreads');
  // Its own threads cost more than they give: what takes time here is done by our kernels, in threads of their own.
  const { module } = await loadWasmThreads(1);
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => new BackendWasm(module as WasmModule));
  await tf.setBackend('wasm');
  return running(await setKernelThreads(wanted));
}

async function startSingle(notes: readonly string[]): Promise<BackendInfo> {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  // The build without SIMD is never asked for: without SIMD this backend is not started.
  const urls = [
    'tfjs-backend-wasm.wasm',
    'tfjs-backend-wasm-simd.wasm',
    'tfjs-backend-wasm-threaded-simd.wasm',
  ];
  setWasmPaths(Object.fromEntries(urls.map((name) => [name, plainUrl])));
  await tf.setBackend('wasm');
  return running(1, notes);
}

const NOT_ISOLATED =
  'This page is not isolated from other origins (the server sends no COOP and COEP headers), so WebAssembly has one thread.';

/** WebAssembly with SIMD, and with threads where the page may share memory. */
export const startWasm: BackendStarter = async () => {
  if (typeof WebAssembly === 'undefined') return { missing: 'this browser has no WebAssembly' };
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')))
    return { missing: 'WebAssembly has no SIMD in this browser' };
  const cores = navigator.hardwareConcurrency;
  if (!globalThis.crossOriginIsolated) return startSingle(cores > 1 ? [NOT_ISOLATED] : []);
  if (cores < 2) return startSingle([]);
  try {
    return await startThreads(Math.min(cores, 8));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return startSingle([`WebAssembly has one thread, since its threads do not start: ${reason}.`]);
  }
};
