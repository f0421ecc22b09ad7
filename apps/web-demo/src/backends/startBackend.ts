import { isSoftwareAdapter } from '@meanflow/kernels';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import { backendNames, isMissing } from './backendInfo';
import type {
  BackendChoice,
  BackendInfo,
  BackendName,
  BackendStarter,
  LossListener,
  MissingBackend,
} from './backendInfo';
import { selfCheck } from './selfCheck';
import { findAdapter, startWebgpu } from './webgpu';

/** Each is imported when it is chosen, so that a visitor downloads no other. */
const starters: Readonly<Record<BackendName, BackendStarter>> = {
  webgpu: startWebgpu,
  wasm: async (onLoss) => (await import('./wasm')).startWasm(onLoss),
  cpu: async (onLoss) => (await import('./cpu')).startCpu(onLoss),
};

/** Starts one backend and lets it compute something, or says why that does not work. */
async function tryBackend(name: BackendName, onLoss: LossListener): Promise<BackendInfo | MissingBackend> {
  try {
    const started = await starters[name](onLoss);
    if (isMissing(started)) return started;
    const wrong = await selfCheck();
    return wrong === null ? started : { missing: `it computes wrong results: ${wrong}` };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { missing: `it fails: ${(message.split('\n')[0] ?? '').replace(/\.$/, '')}` };
  }
}

const labels: Readonly<Record<BackendName, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
};

/** Why `auto` passes a backend over although it would work; null if it does not. */
async function reasonAgainst(name: BackendName): Promise<string | null> {
  if (name !== 'webgpu') return null;
  const adapter = await findAdapter();
  return typeof adapter !== 'string' && isSoftwareAdapter(adapter.info)
    ? 'WebGPU is emulated on the processor here, so WebAssembly is faster.'
    : null;
}

async function startBest(onLoss: LossListener): Promise<BackendInfo> {
  const notes: string[] = [];
  for (const name of backendNames) {
    const reason = await reasonAgainst(name);
    if (reason !== null) {
      notes.push(reason);
      continue;
    }
    const result = await tryBackend(name, onLoss);
    if (!isMissing(result)) return { ...result, notes: [...notes, ...result.notes] };
    notes.push(`No ${labels[name]}: ${result.missing}.`);
  }
  throw new Error(`This browser can run nothing that the page computes with. ${notes.join(' ')}`);
}

/**
 * Starts a backend and makes it the active one in tfjs.
 *
 * @param choice `auto` takes the first of webgpu, wasm and cpu that computes what it should, but no emulated GPU.
 * @param onLoss Called if its device is gone later on.
 * @throws Error if the backend that was asked for does not work here, with the reason.
 */
export async function startBackend(choice: BackendChoice, onLoss: LossListener): Promise<BackendInfo> {
  tf.env().set('PROD', true); // keeps tfjs from checking and printing what it need not
  if (choice === 'auto') return startBest(onLoss);
  const result = await tryBackend(choice, onLoss);
  if (!isMissing(result)) return result;
  throw new Error(
    `?backend=${choice} does not work here: ${result.missing}. Leave it out to take what works.`,
  );
}
