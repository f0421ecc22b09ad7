import { encodeTar } from './encodeTar';
import type { TarFile } from './encodeTar';

interface SampleFileOptions {
  first?: number;
  numClasses?: number;
  imageBytes?: number;
}

/** Files of samples `00000000`, ... of a shard: a label and a small "image" whose bytes tell the sample. */
export function sampleFiles(
  count: number,
  { first = 0, numClasses = 10, imageBytes = 40 }: SampleFileOptions = {},
): TarFile[] {
  return Array.from({ length: count }, (_, i) => {
    const key = String(first + i).padStart(8, '0');
    const image = new Uint8Array(imageBytes).fill((first + i) % 251);
    return [
      { name: `${key}.cls`, content: String((first + i) % numClasses) },
      { name: `${key}.jpg`, content: image },
    ];
  }).flat();
}

/** A shard of {@link sampleFiles}. */
export function shardBytes(count: number, options?: SampleFileOptions): Uint8Array {
  return encodeTar(sampleFiles(count, options));
}
