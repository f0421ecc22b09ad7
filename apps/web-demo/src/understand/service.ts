import type { ServiceContext } from '../worker/context';

/** What the tab Understand asks of the worker. */
export interface UnderstandService {
  /** Name of the backend. */
  backendName(): string;
}

/** The service over a backend. */
export function createUnderstandService({ backend }: ServiceContext): UnderstandService {
  return { backendName: () => backend.name };
}
