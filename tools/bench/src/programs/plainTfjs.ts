import type { Absent } from '../child';
import type { StepProgram } from '../stepProgram';
import { startBackend, whole } from './backend';
import type { BenchBackend } from './backend';
import { plainTfjsStep } from './plainTfjsStep';

/** The step in plain tfjs operations, on a backend as tfjs starts it: wasm has one thread in Node. */
export async function startPlainTfjs(backend: BenchBackend): Promise<StepProgram | Absent> {
  const versions = await startBackend(backend, 1);
  if ('absent' in versions) return versions as Absent;
  return {
    versions,
    setup: (name, inputs) => Promise.resolve(whole(plainTfjsStep(name, inputs))),
  };
}
