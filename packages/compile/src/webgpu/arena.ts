import { tensorUsage } from './webgpuBackend';
import type { WebgpuBackend } from './webgpuBackend';

/**
 * Buffers for what lives only while a recording is computed: all recordings of a program use the same ones, since they
 * are computed one after the other.
 */
export class Arena {
  private readonly buffers: GPUBuffer[] = [];

  constructor(private readonly backend: WebgpuBackend) {}

  /** A buffer of at least each size, no two the same. */
  buffersFor(sizes: readonly number[]): GPUBuffer[] {
    const free = [...this.buffers].sort((a, b) => a.size - b.size);
    const order = sizes.map((_, i) => i).sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
    const found: GPUBuffer[] = [];
    for (const i of order) {
      const size = sizes[i] ?? 0;
      // The largest demand takes the largest buffer: if that is too small, so is every other.
      const candidate = free.pop();
      if (candidate !== undefined && candidate.size >= size) {
        found[i] = candidate;
        continue;
      }
      if (candidate !== undefined) free.push(candidate);
      const buffer = this.backend.bufferManager.acquireBuffer(size, tensorUsage(), false, false);
      this.buffers.push(buffer);
      found[i] = buffer;
    }
    return found;
  }

  dispose(): void {
    for (const buffer of this.buffers) this.backend.bufferManager.releaseBuffer(buffer, false);
    this.buffers.length = 0;
  }
}
