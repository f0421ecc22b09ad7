import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainSimd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedSimd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import type { BackendInfo } from './backendInfo';

/** WebAssembly with SIMD. */
export async function startWasm(): Promise<BackendInfo> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainSimd, // never asked for: without SIMD this backend is not started
    'tfjs-backend-wasm-simd.wasm': plainSimd,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedSimd,
  });
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  await tf.setBackend('wasm');
  return { name: 'wasm', device: '1 thread, SIMD', threads: 1, isSoftware: false, notes: [] };
}
