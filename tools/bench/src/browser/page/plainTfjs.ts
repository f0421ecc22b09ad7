import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import type { Inputs } from '../../inputs';
import { plainTfjsStep } from '../../programs/plainTfjsStep';
import type { StartRequest } from '../protocol';
import type { PageProgram } from './worker';

/** Plain tfjs, on a backend as its documentation starts it. */
export async function startPlainTfjs(
  { case: name, engine, threads }: StartRequest,
  inputs: Inputs,
): Promise<PageProgram> {
  tf.env().set('PROD', true);
  setWasmPaths('/wasm/');
  if (engine === 'wasm') {
    if (threads === 1) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    else setThreadsCount(threads);
  }
  if (!(await tf.setBackend(engine))) throw new Error(`tfjs does not start ${engine}`);
  return { versions: { tfjs: tf.version_core }, step: plainTfjsStep(name, inputs) };
}
