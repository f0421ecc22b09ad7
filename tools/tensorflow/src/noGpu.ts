import { existsSync } from 'node:fs';
import type { Machine } from './machine';

/**
 * Why TensorFlow found no GPU, in one sentence.
 *
 * @param exists For tests: whether a path exists.
 */
export function explainNoGpu(
  { platform }: Pick<Machine, 'platform'>,
  exists: (path: string) => boolean = existsSync,
): string {
  const computes = 'it computes on the CPU until there is one.';
  if (platform !== 'linux') return `No GPU was found: ${computes}`;
  if (exists('/proc/driver/nvidia/version'))
    return (
      "No GPU was found, although NVIDIA's driver is loaded: see what TensorFlow says with --verbose. " +
      'In a container, pass the GPU on (docker run --gpus all). Meanwhile it computes on the CPU.'
    );
  return `No GPU was found, for NVIDIA's driver is not loaded: ${computes}`;
}
