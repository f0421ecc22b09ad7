/** Backends of this page, best first. */
export const backendNames = ['webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** What a visitor asks for: `?backend=`. */
export type BackendChoice = BackendName | 'auto';

/** A backend that runs. */
export interface BackendInfo {
  readonly name: BackendName;
  /** What computes, e.g. `NVIDIA RTX 4070` or `2 threads, SIMD`. */
  readonly device: string;
  /** Number of threads, where there are any to count. */
  readonly threads: number | null;
  /** Whether it emulates a GPU on the CPU. */
  readonly isSoftware: boolean;
  /** Sentences that the visitor should be able to read: why not a better backend, why no threads. */
  readonly notes: readonly string[];
}
