/** Backends of this page, best first. */
export const backendNames = ['webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** What a visitor asks for: `?backend=`. */
export type BackendChoice = BackendName | 'auto';

/** A backend that runs. */
export interface BackendInfo {
  readonly name: BackendName;
  /** What computes, e.g. `NVIDIA GeForce RTX 4070` or `2 threads`. */
  readonly device: string;
  /** Number of threads, where there are any to count. */
  readonly threads: number | null;
  /** Whether it emulates a GPU on the CPU. */
  readonly isSoftware: boolean;
  /** Sentences that the visitor should be able to read: why not a better backend, why no threads. */
  readonly notes: readonly string[];
}

/** Why a backend does not work here, as the second half of a sentence: `this browser has no WebGPU`. */
export interface MissingBackend {
  readonly missing: string;
}

/** Called once if the device that a backend computes on is gone, with the reason as the second half of a sentence. */
export type LossListener = (reason: string) => void;

/** Starts a backend and makes it the active one in tfjs, or says why that does not work. */
export type BackendStarter = (onLoss: LossListener) => Promise<BackendInfo | MissingBackend>;

export function isMissing(result: BackendInfo | MissingBackend): result is MissingBackend {
  return 'missing' in result;
}
