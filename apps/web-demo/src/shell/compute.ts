import { wrap } from 'comlink';
import type { ComputeClient } from '../worker/api';

/** A compute worker that runs. */
export interface ComputeWorker {
  readonly client: ComputeClient;
  /** Ends it at once, with whatever it does. */
  terminate(): void;
}

/** Starts the compute worker; its backend is started by `client.start`. */
export function openComputeWorker(): ComputeWorker {
  const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), {
    type: 'module',
    name: 'compute',
  });
  return {
    client: wrap(worker) as unknown as ComputeClient,
    terminate: () => {
      worker.terminate();
    },
  };
}
