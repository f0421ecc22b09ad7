import { isSoftwareAdapter } from '@meanflow/kernels';

/** What computes WebGPU in a browser. */
export interface Adapter {
  /** What it says of itself, e.g. `nvidia hopper`; `none` where there is no adapter. */
  readonly name: string;
  /** Whether the browser says that it stands in for a GPU. */
  readonly isFallback: boolean;
}

/**
 * Checks that a GPU computes: Chromium takes SwiftShader without a word where it cannot use one.
 *
 * @throws Error if none does.
 */
export function assertGpu({ name, isFallback }: Adapter): void {
  if (name !== 'none' && !isSoftwareAdapter({ description: name, isFallbackAdapter: isFallback })) return;
  const found = name === 'none' ? 'found none' : `got ${name}, which computes on the CPU`;
  throw new Error(
    `browser: with --gpu a GPU must compute WebGPU, ${found}. Leave --gpu out to time it on the CPU.`,
  );
}
