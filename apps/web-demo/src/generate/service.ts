import type { ServiceContext } from '../worker/context';

/** Draws images in the worker. */
export interface GenerateService {
  /** Name of the backend. */
  backendName(): string;
}

/** The service over a backend. */
export function createGenerateService({ backend }: ServiceContext): GenerateService {
  return { backendName: () => backend.name };
}
