import type { BackendFlags } from '../backends/backendOptions';

/** Arguments of `meanflow train`, as the command line gives them. */
export interface TrainOptions extends BackendFlags {
  readonly preset?: string;
  readonly config?: string;
  readonly out?: string;
  readonly steps?: string;
  readonly seed?: string;
  readonly backend?: string;
  readonly resume?: boolean;
  readonly set?: readonly string[];
}
