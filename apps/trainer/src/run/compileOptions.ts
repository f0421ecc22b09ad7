import { availableParallelism } from 'node:os';
import type { ProgramOptions } from '@meanflow/compile';
import type { RunConfig } from '../config/schema';

/** What a configuration says about compiling. */
export function compileOptions({ mode, bfloat16 }: RunConfig['compile']): ProgramOptions {
  return { eager: mode === 'off', xla: mode === 'xla' ? true : mode === 'fused' ? mode : false, bfloat16 };
}

/** Fewer rows than this make small matrix products, which cost more than a second core brings. */
const MIN_ROWS = 4;

/**
 * The largest number of equal shards of so many rows that the cores can work on.
 *
 * @param cores Default all that this process may use.
 */
export function shardsFor(rows: number, cores: number = availableParallelism()): number {
  for (let shards = Math.min(cores, Math.floor(rows / MIN_ROWS)); shards > 1; shards--) {
    if (rows % shards === 0) return shards;
  }
  return 1;
}
