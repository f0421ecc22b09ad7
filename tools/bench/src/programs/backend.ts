/* eslint-disable @nx/enforce-module-boundaries -- the trainer's own starters: the bench measures what its users get */
import * as tf from '@tensorflow/tfjs';
import { isMissing } from '../../../../apps/trainer/src/backends/backend';
import { cpuCount } from '../../../../apps/trainer/src/backends/cpuCount';
import { startTensorflow } from '../../../../apps/trainer/src/backends/tensorflow';
import { startWasm } from '../../../../apps/trainer/src/backends/wasm';
import { startWebgpu } from '../../../../apps/trainer/src/backends/webgpu';
import type { Absent } from '../child';
import type { Step } from '../stepProgram';

/** Versions of a backend that is active, by name. */
export type Versions = Readonly<Record<string, string>>;

/** A step that ends when the device has computed everything, what nobody reads included. */
export function whole(step: Step): Step {
  const backend = tf.backend() as { device?: { queue?: { onSubmittedWorkDone?(): Promise<void> } } };
  return async () => {
    const value = await step();
    await backend.device?.queue?.onSubmittedWorkDone?.();
    return value;
  };
}

/** Backends that programs run on in Node.js. */
export type BenchBackend = 'tensorflow' | 'wasm' | 'webgpu';

/**
 * Starts a backend as the trainer does: the bench measures what users get.
 *
 * @param threads Threads of wasm. Default as many as there are CPUs.
 */
export async function startBackend(name: BenchBackend, threads = cpuCount()): Promise<Versions | Absent> {
  tf.env().set('PROD', true); // keeps tfjs from greeting
  const starters = { tensorflow: startTensorflow, wasm: startWasm, webgpu: startWebgpu };
  const started = await starters[name](name === 'wasm' ? { threads } : {});
  if (isMissing(started)) {
    return { absent: started.missing, ...(started.fix !== null && { fix: started.fix }) };
  }
  if (started.software) {
    return { absent: `there is no GPU, only ${started.device}, which computes on the CPU` };
  }
  return { tfjs: tf.version_core, [name]: started.version, device: started.device };
}
