import { wholeNumber } from '../wholeNumber';
import type { BackendOptions } from './backend';

/** The options of a command that are about its backend. */
export interface BackendFlags {
  readonly threads?: string;
  readonly device?: string;
}

/**
 * How to start a backend, as far as a command line says it.
 *
 * @throws UserError if the number of threads is none.
 */
export function backendOptions({ threads, device }: BackendFlags): BackendOptions {
  return {
    ...(threads === undefined ? {} : { threads: wholeNumber('--threads', threads, 1) }),
    ...(device === undefined ? {} : { device }),
  };
}
