import type { ServiceContext } from '../worker/context';

/** What the tab Train asks of the worker. */
export interface TrainService {
  /** Name of the backend. */
  backendName(): string;
}

/** The service over a backend. */
export function createTrainService({ backend }: ServiceContext): TrainService {
  return { backendName: () => backend.name };
}
