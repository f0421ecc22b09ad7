/* eslint-disable @nx/enforce-module-boundaries -- the page's own starters: the bench measures what its visitors get */
import * as tf from '@tensorflow/tfjs';
import { isMissing } from '../../../../../apps/web-demo/src/backends/backendInfo';
import { startWasm } from '../../../../../apps/web-demo/src/backends/wasm';
import { startWebgpu } from '../../../../../apps/web-demo/src/backends/webgpu';
import type { Inputs } from '../../inputs';
import { oursStep } from '../../programs/oursStep';
import type { StartRequest } from '../protocol';
import type { PageProgram } from './worker';

/** Ours, on a backend as our page starts it. */
export async function startOurs(
  { case: name, engine, threads }: StartRequest,
  inputs: Inputs,
): Promise<PageProgram> {
  tf.env().set('PROD', true);
  // The page takes as many threads as there are cores.
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: threads, configurable: true });
  const start = engine === 'wasm' ? startWasm : startWebgpu;
  const backend = await start((reason) => {
    throw new Error(`the device is lost: ${reason}`);
  });
  if (isMissing(backend)) throw new Error(backend.missing);
  return {
    versions: { tfjs: tf.version_core, device: backend.device },
    step: oursStep(name, inputs, {}),
  };
}
