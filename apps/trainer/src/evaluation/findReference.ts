import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import {
  createCollector,
  decodeReference,
  encodeReference,
  referenceArrays,
  referenceFromArrays,
} from '@meanflow/eval';
import type { Reference } from '@meanflow/eval';
import { readerOfFile, readNpz } from '@meanflow/data';
import { cacheFolder, localFile } from '@meanflow/data/node';
import { replaceDurably } from '@meanflow/train/node';
import { withUserInput } from '../userError';
import { collectImages } from './featuresOf';
import type { Features } from './featuresOf';
import type { ImageSet } from './imageSet';

/** What generated images are compared with, under its name. */
export interface NamedReference {
  readonly name: string;
  /** Images behind it; null if a file does not say. */
  readonly count: number | null;
  readonly reference: Reference;
}

/** What to say of the work on a reference. */
export interface ReferenceOptions {
  /** Called with the number of images whose features are there. */
  readonly onImages?: (count: number) => void;
  /** Folder of what was computed before; null: compute, and keep nothing. Default `references` in the cache folder. */
  readonly cache?: string | null;
}

/**
 * Statistics of a file, ours or those of pytorch-fid or ADM, whose images are left alone.
 *
 * @returns null if it is no such file: it may hold images.
 * @throws UserError if it is damaged.
 */
export async function readReference(path: string): Promise<NamedReference | null> {
  if (extname(path).toLowerCase() !== '.npz' || !existsSync(path)) return null;
  return withUserInput(async () => {
    const reader = await readerOfFile(localFile(path));
    try {
      const arrays = await readNpz(reader, { only: referenceArrays });
      if (arrays['mu'] === undefined) return null;
      const reference = referenceFromArrays(arrays, { name: path });
      return { name: path, count: reference.statistics?.count ?? null, reference };
    } finally {
      await reader.close();
    }
  });
}

/** What identifies a set of images without reading all of it: name, number, shape, and its first images. */
async function fingerprint(images: ImageSet): Promise<string> {
  const { name, count, sampleShape } = images;
  const hash = createHash('sha256').update(JSON.stringify([name, count, sampleShape]));
  for await (const part of images.parts()) {
    hash.update(part);
    break;
  }
  return hash.digest('hex');
}

/**
 * Features of a set of images and their statistics: from the cache, where they were computed before for the same images
 * and network, else computed and kept there.
 */
export async function referenceOf(
  images: ImageSet,
  features: Features,
  { onImages, cache = join(cacheFolder(), 'references') }: ReferenceOptions = {},
): Promise<NamedReference> {
  const { name, count } = images;
  const key = createHash('sha256')
    .update(JSON.stringify([await fingerprint(images), features.choices]))
    .digest('hex');
  const path = cache === null ? null : join(cache, `${key}.npz`);
  if (path !== null && existsSync(path)) {
    try {
      const reference = decodeReference(readFileSync(path), { name: path });
      if (reference.features !== null) return { name, count, reference };
    } catch {
      // A damaged file is computed again.
    }
  }
  const collector = createCollector({
    extract: features.extract,
    keepFeatures: true,
    choices: features.choices,
  });
  await collectImages(images, collector, onImages);
  const reference = collector.reference();
  if (path !== null && cache !== null) {
    mkdirSync(cache, { recursive: true });
    replaceDurably(path, encodeReference(reference, { features: true }));
  }
  return { name, count, reference };
}
