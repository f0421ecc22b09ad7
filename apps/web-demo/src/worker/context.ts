import type { BackendInfo } from '../backends/backendInfo';

/** What every service of the worker works with. */
export interface ServiceContext {
  /** The backend, which is active in tfjs. */
  readonly backend: BackendInfo;
  /**
   * Runs a job when no other runs: for what needs the backend for itself, because of its memory or since it is timed.
   * Jobs run in the order in which they came.
   */
  readonly exclusive: <T>(job: () => Promise<T>) => Promise<T>;
}
