import * as tf from '@tensorflow/tfjs';
import { backendNames } from '../config/schema';
import type { BackendName } from '../config/schema';
import { messageOf, UserError } from '../userError';
import { assertHealthy, isMissing } from './backend';
import type { BackendOptions, BackendStarter, MissingBackend, RunningBackend } from './backend';
import { startCpu } from './cpu';
import { startTensorflow } from './tensorflow';
import { startWasm } from './wasm';
import { startWebgpu } from './webgpu';

const starters: Readonly<Record<BackendName, BackendStarter>> = {
  tensorflow: startTensorflow,
  webgpu: startWebgpu,
  wasm: startWasm,
  cpu: startCpu,
};

/** [[1, 2], [3, 4]] squared: the binding of another Node version loads, and then fails at its first operation. */
async function computes(): Promise<boolean> {
  const product = tf.tidy(() => {
    const matrix = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.matMul(matrix, matrix);
  });
  try {
    return (await product.data()).join() === '7,10,15,22';
  } finally {
    product.dispose();
  }
}

/** Starts one backend and lets it compute something, or says why that does not work. */
export async function tryBackend(
  name: BackendName,
  options: BackendOptions = {},
): Promise<RunningBackend | MissingBackend> {
  tf.env().set('PROD', true); // keeps tfjs from greeting and from advertising packages
  let started: RunningBackend | MissingBackend | undefined;
  try {
    started = await starters[name](options);
    if (isMissing(started)) return started;
    const isRight = await computes();
    assertHealthy(started);
    if (isRight) return started;
    started.dispose();
    return { missing: 'it computes wrong results', fix: null };
  } catch (error) {
    if (started !== undefined && !isMissing(started)) started.dispose();
    return { missing: `it fails: ${messageOf(error).split('\n')[0] ?? ''}`, fix: null };
  }
}

/**
 * Starts a backend and makes it the active one.
 *
 * @param choice `auto` takes the first of tensorflow, webgpu, wasm and cpu that works, but no emulated GPU.
 * @throws UserError if the backend that was asked for does not work here, with the reason and what brings it.
 */
export async function startBackend(
  choice: BackendName | 'auto',
  options: BackendOptions = {},
): Promise<RunningBackend> {
  if (choice === 'auto') return startBest(options);
  const result = await tryBackend(choice, options);
  if (!isMissing(result)) return result;
  const fix =
    result.fix === null ? 'Use --backend auto' : `Bring it with "${result.fix}", or use --backend auto`;
  throw new UserError(`--backend ${choice} does not work here: ${result.missing}. ${fix}.`);
}

async function startBest(options: BackendOptions): Promise<RunningBackend> {
  for (const name of backendNames) {
    const result = await tryBackend(name, { ...options, realGpu: true });
    if (isMissing(result)) continue;
    if (!result.software) return result;
    result.dispose();
  }
  throw new Error('internal: not even the cpu backend works.');
}
