import { floatsToPixels, streamBatches } from '@meanflow/data';
import type { BatchSource } from '@meanflow/data';
import { createImageDecoder, openSource } from '@meanflow/data/node';
import type { TrainingData } from '../data/loadData';
import { storedSamples } from '../data/storedSamples';
import { UserError, withUserInput } from '../userError';

/** Images that are looked at one part after the other. */
export interface ImageSet {
  readonly name: string;
  readonly count: number;
  /** [height, width, channels] */
  readonly sampleShape: readonly number[];
  /** Pixels 0 .. 255 of some images at a time, [rows, ...sampleShape]. */
  parts(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

async function* pixelParts(source: BatchSource): AsyncGenerator<Uint8Array> {
  for await (const { x } of storedSamples(source)) yield floatsToPixels(x);
}

/** The images that a model was trained on. They stay open. */
export async function trainingImages(data: TrainingData): Promise<ImageSet> {
  const source = await data.stored();
  const { name, count, sampleShape } = data.info;
  return { name, count, sampleShape, parts: () => pixelParts(source), close: () => Promise.resolve() };
}

/** What to read of a set of images. */
export interface StoredImagesOptions {
  /** Only the first so many. */
  readonly count?: number;
  /** Side of the square that images are scaled and cropped to; null: as they are. */
  readonly size?: number | null;
  /** What to call the set on the command line, for messages. */
  readonly option: string;
}

/**
 * Images of a folder, an archive, an array or shards.
 *
 * @throws UserError if there are none, or too few.
 */
export async function storedImages(path: string, options: StoredImagesOptions): Promise<ImageSet> {
  const { option, size = null } = options;
  const source = await withUserInput(() => openSource(path));
  const decoder = createImageDecoder();
  const close = async () => {
    await decoder.close();
    await source.close();
  };
  try {
    const stream = await withUserInput(() =>
      streamBatches(source, { seed: 0, shuffle: false, size, decoder }),
    );
    if (stream.sampleShape.length !== 3)
      throw new UserError(
        `${option} must hold images, got values of shape ${stream.sampleShape.join('x')} in ${path}.`,
      );
    const count = options.count ?? stream.count;
    if (count > stream.count)
      throw new UserError(`--count must be at most the ${stream.count} images of ${path}, got ${count}.`);
    const { name, sampleShape } = stream;
    const head = { ...stream, count };
    return {
      name,
      count,
      sampleShape,
      parts: () => pixelParts(head),
      close: async () => {
        await stream.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
