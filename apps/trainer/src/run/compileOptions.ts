import type { ProgramOptions } from '@meanflow/compile';
import type { RunConfig } from '../config/schema';

/** What a configuration says about compiling. */
export function compileOptions({ mode, bfloat16 }: RunConfig['compile']): ProgramOptions {
  return { eager: mode === 'off', xla: mode === 'xla' ? true : mode === 'fused' ? mode : false, bfloat16 };
}
