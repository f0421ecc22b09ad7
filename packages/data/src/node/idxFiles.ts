import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { sourceOfImages } from '../formats/memorySource';
import type { RandomSourceOptions } from '../formats/randomSource';
import type { RandomAccessSource } from '../source';
import { loadIdxFiles } from './loadIdxFiles';

const IMAGES = /images[-.]?idx[34]/i;

/** Whether a name is that of an IDX file of images, as MNIST has them. */
export const isIdxName = (path: string): boolean => IMAGES.test(basename(path));

/** IDX files of images in a folder, sorted; those of training sets first. */
export async function idxImagesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(isIdxName).sort();
  const training = names.filter((name) => /train/i.test(name));
  return [...training, ...names.filter((name) => !training.includes(name))].map((name) => join(folder, name));
}

/** `train-images-idx3-ubyte.gz` -> `train-labels-idx1-ubyte`, with or without `.gz`, where it is there. */
async function labelsBeside(images: string): Promise<string | null> {
  const stem = basename(images)
    .replace(/\.gz$/i, '')
    .replace(/images/i, 'labels')
    .replace(/idx[34]/i, 'idx1');
  for (const name of [stem, `${stem}.gz`]) {
    const path = join(dirname(images), name);
    if (name !== basename(images) && (await stat(path).catch(() => null)) !== null) return path;
  }
  return null;
}

/** Options of {@link openIdx}. */
export interface OpenIdxOptions extends RandomSourceOptions {
  name?: string;
  /** Path of the labels. Default the file that belongs to the images by its name, if there is one. */
  labels?: string;
}

/** A source over an IDX file of images, held in memory, with the labels that lie beside it. */
export async function openIdx(images: string, options: OpenIdxOptions = {}): Promise<RandomAccessSource> {
  const { name = basename(images), numClasses, classNames, damage } = options;
  const labels = numClasses === 0 ? null : (options.labels ?? (await labelsBeside(images)));
  const dataset = await loadIdxFiles(images, labels, {
    name,
    ...(numClasses !== undefined && { numClasses }),
    ...(classNames && { classNames }),
  });
  return sourceOfImages(dataset, damage && { damage });
}
