import { registerCompiler } from '@meanflow/compile';
import type { ProgramOptions } from '@meanflow/compile';
import { tensorflowCompiler } from '@meanflow/compile/tensorflow';
import type { Absent } from '../child';
import type { StepProgram } from '../stepProgram';
import { startBackend, whole } from './backend';
import type { BenchBackend } from './backend';
import { oursStep } from './oursStep';
import { tfjsProduct } from './tfjsProduct';

/**
 * Our step as `@meanflow/train` runs it.
 *
 * @param compile How its step is compiled. Null: not at all, operation by operation.
 * @param shards Parts of the batch that are computed side by side.
 */
export async function startOurs(
  backend: BenchBackend,
  compile: ProgramOptions | null,
  shards = 1,
): Promise<StepProgram | Absent> {
  const versions = await startBackend(backend);
  if ('absent' in versions) return versions as Absent;
  registerCompiler(tensorflowCompiler);
  const options = compile ?? { eager: true };
  return {
    versions,
    setup: (name, inputs) => Promise.resolve(whole(oursStep(name, inputs, options, shards))),
    product: tfjsProduct,
  };
}
