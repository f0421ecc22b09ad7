/* eslint-disable @nx/enforce-module-boundaries -- the trainer's own starters: the bench measures what its users get */
import * as tf from '@tensorflow/tfjs';
import { isMissing } from '../../../../apps/trainer/src/backends/backend';
import { cpuCount } from '../../../../apps/trainer/src/backends/cpuCount';
import { startTensorflow } from '../../../../apps/trainer/src/backends/tensorflow';
import { startWasm } from '../../../../apps/trainer/src/backends/wasm';
import type { Absent } from '../child';

/** Versions of a backend that is active, by name. */
export type Versions = Readonly<Record<string, string>>;

/**
 * Starts a backend as the trainer does: the bench measures what users get.
 *
 * @param threads Threads of wasm. Default as many as there are CPUs.
 */
export async function startBackend(
  name: 'tensorflow' | 'wasm',
  threads = cpuCount(),
): Promise<Versions | Absent> {
  tf.env().set('PROD', true); // keeps tfjs from greeting
  const started = name === 'wasm' ? await startWasm({ threads }) : await startTensorflow({});
  if (isMissing(started)) {
    return { absent: started.missing, ...(started.fix !== null && { fix: started.fix }) };
  }
  return { tfjs: tf.version_core, [name]: started.version, device: started.device };
}
