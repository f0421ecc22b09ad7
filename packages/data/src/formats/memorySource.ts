import { checkDataset } from '../dataset';
import type { ImageDataset } from '../dataset';
import type { RandomAccessSource } from '../source';
import { randomSource } from './randomSource';
import type { RandomSourceOptions } from './randomSource';

/**
 * A source over images in memory, such as {@link loadDigits} and {@link imagesFromIdx} give. Samples are copies.
 *
 * @throws RangeError if the data set's arrays do not fit its counts.
 */
export function sourceOfImages(
  dataset: ImageDataset,
  options: Pick<RandomSourceOptions, 'damage'> = {},
): RandomAccessSource {
  checkDataset('sourceOfImages', dataset);
  const { name, count, height, width, channels, images, labels, numClasses, classNames } = dataset;
  const size = height * width * channels;
  const samples = {
    name,
    shard: name,
    count,
    labels: numClasses === 0 ? null : labels,
    classNames,
    keyOf: String,
    offsetOf: () => null,
    load: (index: number) => {
      const pixels = new Uint8Array(images.subarray(size * index, size * (index + 1)));
      return Promise.resolve({ kind: 'pixels' as const, pixels, height, width, channels });
    },
    close: () => Promise.resolve(),
  };
  return randomSource('sourceOfImages', samples, { ...options, numClasses });
}
