import type { Remote } from 'comlink';
import type { BackendChoice, BackendInfo, LossListener } from '../backends/backendInfo';
import type { GenerateService } from '../generate/service';
import type { TrainService } from '../train/service';
import type { UnderstandService } from '../understand/service';

/** What the compute worker offers; the services are there once it has started. */
export interface ComputeApi {
  /**
   * Starts a backend and the services on it. To be called once.
   *
   * @param onLoss Called if the backend's device is gone later on; nothing can be computed then.
   */
  start(choice: BackendChoice, onLoss: LossListener): Promise<BackendInfo>;
  /** Addresses of the files that the worker has loaded. */
  resources(): string[];
  readonly generate: GenerateService;
  readonly understand: UnderstandService;
  readonly train: TrainService;
}

/** The same from the page: every call is a message. */
export interface ComputeClient {
  start(choice: BackendChoice, onLoss: LossListener): Promise<BackendInfo>;
  resources(): Promise<string[]>;
  readonly generate: Remote<GenerateService>;
  readonly understand: Remote<UnderstandService>;
  readonly train: Remote<TrainService>;
}
