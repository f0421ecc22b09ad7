import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createImageDecoder } from './node/createImageDecoder';
import { openSource } from './node/openSource';
import { streamBatches } from './streamBatches';
import type { BatchStream } from './streamBatches';
import { buildWorker } from './testing/buildWorker';
import { shardSource } from './testing/fakeSources';

const MIB = 2 ** 20;
const shared =
  process.env['MEANFLOW_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const cifar = process.env['MEANFLOW_CIFAR10'] ?? join(shared, 'data/cifar10');
const shards = join(cifar, 'cifar10-train-{00000..00004}.tar.gz');
const hasCifar = existsSync(join(cifar, 'cifar10-train-00000.tar.gz'));

/** Highest resident memory in each of some parts of a training, in MiB. */
async function residentByPart(stream: BatchStream, parts: number, steps: number, batchSize: number) {
  const peaks: number[] = [];
  for (let part = 0; part < parts; part++) {
    let peak = 0;
    for (let step = part * steps; step < (part + 1) * steps; step++) {
      await stream.batchAt(step, batchSize);
      peak = Math.max(peak, process.memoryUsage.rss() / MIB);
    }
    peaks.push(Math.round(peak));
  }
  return peaks;
}

describe('memory of streamBatches', () => {
  it('does not grow over the first 5 GB of a set of 100 GB', async () => {
    // 1000 shards of 1000 images of 184 x 184 x 3 bytes, made while they are read: 101.6 GB.
    const [side, perShard] = [184, 1000];
    const content = (n: number) => {
      const pixels = new Uint8Array(side * side * 3).fill(n & 255);
      return { kind: 'pixels', pixels, height: side, width: side, channels: 3 } as const;
    };
    const source = shardSource(
      Array.from({ length: 1000 }, () => perShard),
      { content },
    );
    const stream = await streamBatches(source, { seed: 1, shuffleBuffer: 1000, prefetch: 2, size: 32 });
    const peaks = await residentByPart(stream, 10, 80, 64);
    await stream.close();
    expect(source.watched.read * side * side * 3).toBeGreaterThan(5e9);
    const settled = Math.max(...peaks.slice(1, 4));
    expect(Math.max(...peaks.slice(4)), `MiB by part: ${peaks.join(', ')}`).toBeLessThan(settled * 1.1 + 32);
    expect(peaks[9], 'buffer 97 MiB, batches, node itself').toBeLessThan(800);
  });
  it.skipIf(!hasCifar)('does not grow over ten epochs of CIFAR-10', async () => {
    const worker = await buildWorker();
    const decoder = createImageDecoder({ workers: 1, workerFile: worker.file });
    const source = await openSource(shards, { cache: null });
    const stream = await streamBatches(source, { seed: 1, decoder, horizontalFlip: true });
    const peaks = await residentByPart(stream, 10, 195, 256);
    await stream.close();
    await decoder.close();
    await source.close();
    worker.remove();
    const settled = Math.max(...peaks.slice(1, 4));
    expect(Math.max(...peaks.slice(4)), `MiB by epoch: ${peaks.join(', ')}`).toBeLessThan(settled * 1.1 + 32);
  });
});
