import { defaultDevice, init } from '@jax-js/jax';
import type { Inputs } from '../../inputs';
import { jaxJsStep } from '../../programs/jaxJsStep';
import type { StartRequest } from '../protocol';
import type { PageProgram } from './worker';

/** jax-js; on WebAssembly it takes as many threads as there are cores. */
export async function startJaxJs(
  { case: name, engine, threads }: StartRequest,
  inputs: Inputs,
): Promise<PageProgram> {
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: threads, configurable: true });
  const devices = await init(engine);
  if (!devices.includes(engine)) throw new Error(`jax-js does not start ${engine}`);
  defaultDevice(engine);
  return { versions: {}, step: jaxJsStep(name, inputs) };
}
