import { readFile, stat } from 'node:fs/promises';
import type { ImageDataset } from '../dataset';
import { imagesFromIdx } from '../imagesFromIdx';
import type { ImagesFromIdxOptions, NamedBytes } from '../imagesFromIdx';

const DEFAULT_MAX_BYTES = 2 ** 30;

async function readNamed(file: string, maxBytes: number): Promise<NamedBytes> {
  try {
    const { size } = await stat(file);
    if (size <= maxBytes) return { name: file, bytes: await readFile(file) };
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new Error(
      `loadIdxFiles: ${file} must be a readable file, got ${reason}. Likely fix: check the path.`,
      { cause },
    );
  }
  throw new Error(`loadIdxFiles: ${file} must have at most ${maxBytes} bytes. Likely fix: raise maxBytes.`);
}

/**
 * A labelled image set from an IDX images file and an IDX labels file, plain or gzip.
 *
 * @param imagesFile Path of the images: uint8, [count, height, width] or [count, height, width, channels].
 * @param labelsFile Path of the labels: integers, [count]; null for a set without labels.
 * @returns The data set; the caller owns it.
 * @throws Error, one sentence with the path, if a file cannot be read or does not fit (see `imagesFromIdx`).
 */
export async function loadIdxFiles(
  imagesFile: string,
  labelsFile: string | null,
  options: ImagesFromIdxOptions = {},
): Promise<ImageDataset> {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  const images = await readNamed(imagesFile, maxBytes);
  const labels = labelsFile === null ? null : await readNamed(labelsFile, maxBytes);
  return imagesFromIdx(images, labels, options);
}
