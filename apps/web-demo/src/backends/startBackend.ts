import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import type { BackendChoice, BackendInfo } from './backendInfo';

/** Starts a backend and makes it the active one. */
export async function startBackend(choice: BackendChoice): Promise<BackendInfo> {
  if (choice !== 'auto' && choice !== 'wasm') throw new Error(`?backend=${choice} is not there yet.`);
  tf.env().set('PROD', true);
  const { startWasm } = await import('./wasm');
  return startWasm();
}
