import { proxy, wrap } from 'comlink';
import type { BackendChoice, BackendInfo, LossListener } from '../backends/backendInfo';
import type { ComputeClient } from '../worker/api';
import { createEnding, guard } from './guard';

/** Why calls to a worker fail that was stopped. The shell has told the visitor already. */
export class ComputeStopped extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ComputeStopped';
  }
}

/** A compute worker that starts or runs. */
export interface ComputeWorker {
  readonly client: ComputeClient;
  readonly ready: Promise<BackendInfo>;
  /** Ends it at once, whatever it does; calls that wait for it fail. */
  stop(reason: string): void;
}

/**
 * Starts the compute worker.
 *
 * @param onLoss Called if its device is gone; it should be stopped then.
 */
export function openComputeWorker(choice: BackendChoice, onLoss: LossListener): ComputeWorker {
  const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), {
    type: 'module',
    name: 'compute',
  });
  const ending = createEnding();
  const loading = createEnding();
  worker.addEventListener('error', ({ message }) => {
    const reason =
      message === '' || (message as unknown) === undefined ? 'Is there a network?' : `${message}.`;
    loading.reject(new Error(`The page's own program could not be loaded. ${reason}`));
  });
  const client = guard(wrap(worker) as unknown as ComputeClient, ending.promise);
  const ready = Promise.race([client.start(choice, proxy(onLoss)), loading.promise]);
  return {
    client,
    ready,
    stop(reason) {
      worker.terminate();
      ending.reject(new ComputeStopped(reason));
    },
  };
}
