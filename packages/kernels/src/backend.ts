import * as tf from '@tensorflow/tfjs-core';

/**
 * Whether the active backend is WebAssembly, where a matrix product is fast (25 to 50 GFLOP/s) only if it is a plain
 * 2-D one: with a transposed argument, or batched, it runs at 2.
 */
export function onWasm(): boolean {
  return tf.getBackend() === 'wasm';
}
