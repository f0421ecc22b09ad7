import { readFrom } from '../io/reading';
import type { ByteReader } from '../io/reading';
import { readZipDirectory, readZipEntry } from '../io/zip';
import type { RandomAccessSource } from '../source';
import { isImageName } from './imageNames';
import { LABEL_FILES, parseLabels } from './labelList';
import { NO_LABEL, randomSource } from './randomSource';
import type { RandomSourceOptions } from './randomSource';

/** Options of {@link openImageZip}. */
export interface ImageZipOptions extends RandomSourceOptions {
  /** Name of the data set. Default the archive's. */
  name?: string;
  /** Largest image, in bytes. Default 2^28. */
  maxImageBytes?: number;
  signal?: AbortSignal;
}

const DEFAULT_MAX_IMAGE_BYTES = 2 ** 28;

/**
 * A source over the images of a zip archive, sorted by name, with the labels of its `dataset.json`: what dataset_tool
 * of StyleGAN and EDM writes. Another list of labels at its root does too; without one there are no labels.
 *
 * Only the archive's directory is held in memory. An image is read by one range, and its CRC-32 is checked.
 *
 * @param reader The archive. It is closed with the source.
 * @throws Error, one sentence, if the directory or the labels are damaged, or there is no image.
 * @see https://github.com/NVlabs/edm, dataset_tool.py
 */
export async function openImageZip(
  reader: ByteReader,
  options: ImageZipOptions = {},
): Promise<RandomAccessSource> {
  const { name = reader.name, maxImageBytes = DEFAULT_MAX_IMAGE_BYTES, signal } = options;
  const directory = await readFrom(reader, readZipDirectory(reader.name, reader.size), signal);
  const images = directory
    .filter((entry) => isImageName(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const list = LABEL_FILES.map((file) => directory.find((entry) => entry.name === file)).find(Boolean);
  const read = (entry: (typeof directory)[number], limit?: number) =>
    readFrom(reader, readZipEntry(reader.name, reader.size, entry, limit), signal);
  const known =
    list &&
    parseLabels(`${list.name} of ${reader.name}`, new TextDecoder().decode((await read(list)).slice()));
  const labels = known && Int32Array.from(images, (entry) => known.labels.get(entry.name) ?? NO_LABEL);
  const imageAt = (index: number) => images[index] ?? { name: '', offset: 0 };
  const samples = {
    name,
    shard: reader.name,
    count: images.length,
    labels: labels ?? null,
    classNames: known?.classNames,
    keyOf: (index: number) => imageAt(index).name,
    offsetOf: (index: number) => imageAt(index).offset,
    async load(index: number, stop?: AbortSignal) {
      const entry = images[index];
      if (entry === undefined) throw new Error(`internal: no entry ${index}.`);
      const bytes = await readFrom(
        reader,
        readZipEntry(reader.name, reader.size, entry, maxImageBytes),
        stop,
      );
      return { kind: 'encoded' as const, bytes: own(bytes) };
    },
    close: () => reader.close(),
  };
  return randomSource('openImageZip', samples, options);
}

/** The bytes in memory of their own, whatever they are a view of. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
