import { streamBatches } from '@meanflow/data';
import type { BatchSource, BatchStream, StreamOptions } from '@meanflow/data';
import { createImageDecoder, openSource } from '@meanflow/data/node';
import type { DataConfig } from '../config/schema';
import type { LoadOptions, TrainingData } from './loadData';

type StoredConfig = Extract<DataConfig, { kind: 'stored' }>;

/**
 * A stored data set, which is read while it is used.
 *
 * @throws Error, one sentence, if there is none or its first sample cannot be read.
 */
export async function loadStored(config: StoredConfig, options: LoadOptions): Promise<TrainingData> {
  const { path, size, channels, horizontalFlip, shuffleBuffer, workers, onDamage, maxSkipped } = config;
  const { signal } = options;
  const source = await openSource(path, {
    damage: { policy: onDamage, maxSkipped },
    ...(signal && { signal }),
  });
  const decoder = createImageDecoder(workers === null ? {} : { workers });
  const streams: BatchStream[] = [];
  const open = async (order: Partial<StreamOptions>): Promise<BatchStream> => {
    const form = { size, ...(channels === null ? {} : { channels }) };
    const stream = await streamBatches(source, { seed: 0, decoder, shuffleBuffer, ...form, ...order });
    streams.push(stream);
    return stream;
  };
  const close = async () => {
    await Promise.all(streams.map((stream) => stream.close()));
    await decoder.close();
    await source.close();
  };
  try {
    const stored: BatchSource = await open({ shuffle: false });
    const { name, count, sampleShape, numClasses } = stored;
    return {
      info: { name, count, sampleShape, numClasses },
      training: (seed) => open({ seed, horizontalFlip }),
      stored: () => stored,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
