import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isImageName } from '../formats/imageNames';
import { LABEL_FILES, parseLabels } from '../formats/labelList';
import type { LabelList } from '../formats/labelList';
import { NO_LABEL, randomSource } from '../formats/randomSource';
import type { RandomSourceOptions } from '../formats/randomSource';
import { reasonOf } from '../io/storedFile';
import type { RandomAccessSource } from '../source';

/** Options of {@link openImageFolder}. */
export interface ImageFolderOptions extends RandomSourceOptions {
  /** Name of the data set. Default the folder's. */
  name?: string;
  /** Path of a list of labels. Default `dataset.json`, `labels.json`, `.jsonl`, `.csv` or `metadata.*` in the folder. */
  labels?: string;
  /** Largest image file, in bytes. Default 2^28. */
  maxImageBytes?: number;
  signal?: AbortSignal;
}

const DEFAULT_MAX_IMAGE_BYTES = 2 ** 28;

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Images below a folder by their paths within it, with `/`, sorted; hidden ones left out. */
async function imagesBelow(folder: string, signal?: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  const visit = async (within: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    if (depth > 32) throw new Error(`openImageFolder: ${folder} must not contain itself, got ${within}.`);
    const entries = await readdir(join(folder, within), { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = within === '' ? entry.name : `${within}/${entry.name}`;
      const isFolder =
        entry.isDirectory() ||
        (entry.isSymbolicLink() &&
          (await stat(join(folder, path)).catch(() => null))?.isDirectory() === true);
      if (isFolder) await visit(path, depth + 1);
      else if (isImageName(path)) found.push(path);
    }
  };
  await visit('', 0);
  return found.sort(byCode);
}

/** The list of labels that is given or lies in the folder; undefined if there is none. */
async function listOf(folder: string, given?: string): Promise<LabelList | null | undefined> {
  if (given !== undefined) {
    const text = await readFile(given, 'utf8').catch((cause: unknown) => {
      throw new Error(
        `openImageFolder: labels must be a readable file, got ${reasonOf(cause)} for ${given}. Likely fix: check the path.`,
        { cause },
      );
    });
    return parseLabels(given, text);
  }
  for (const name of LABEL_FILES) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null);
    if (text !== null) return parseLabels(join(folder, name), text);
  }
  return undefined;
}

interface Listing {
  readonly paths: readonly string[];
  readonly labels: Int32Array | null;
  readonly classNames?: readonly string[] | undefined;
}

async function listingOf(folder: string, { labels: given, signal }: ImageFolderOptions): Promise<Listing> {
  const list = await listOf(folder, given);
  if (list) {
    const paths = [...list.labels.keys()].sort(byCode);
    const labels = Int32Array.from(paths, (path) => list.labels.get(path) ?? NO_LABEL);
    return { paths, labels, classNames: list.classNames };
  }
  const paths = await imagesBelow(folder, signal);
  const inFolders = paths.filter((path) => path.includes('/'));
  if (list === null || inFolders.length === 0) return { paths, labels: null };
  const loose = paths.find((path) => !path.includes('/'));
  if (loose !== undefined) {
    throw new Error(
      `openImageFolder: ${folder} must hold images or a folder for each class, got ${loose} beside ${inFolders[0] ?? ''}. Likely fix: move one of them, or give a list of labels.`,
    );
  }
  const classOf = (path: string) => path.slice(0, path.indexOf('/'));
  const classNames = [...new Set(paths.map(classOf))].sort(byCode);
  const numbers = new Map(classNames.map((name, i) => [name, i]));
  return {
    paths,
    classNames,
    labels: Int32Array.from(paths, (path) => numbers.get(classOf(path)) ?? NO_LABEL),
  };
}

/**
 * A source over the image files of a folder, sorted by path. With a list of labels, its files are the samples; else
 * each sub-folder is a class, in the order of their names; images without sub-folders have no labels.
 *
 * Only paths are held in memory.
 *
 * @throws Error, one sentence, if there is no image, the list is damaged, or images lie beside folders of images.
 */
export async function openImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<RandomAccessSource> {
  const { name = basename(folder), maxImageBytes = DEFAULT_MAX_IMAGE_BYTES } = options;
  const { paths, labels, classNames } = await listingOf(folder, options);
  const base = options.labels === undefined ? folder : await baseOf(folder, options.labels, paths[0]);
  const pathOf = (index: number) => paths[index] ?? '';
  const samples = {
    name,
    shard: folder,
    count: paths.length,
    labels,
    classNames,
    keyOf: pathOf,
    offsetOf: () => null,
    async load(index: number, signal?: AbortSignal) {
      const path = join(base, pathOf(index));
      const { size } = await stat(path);
      if (size > maxImageBytes)
        throw new Error(`the image must have at most ${maxImageBytes} bytes, got ${size}`);
      const bytes = new Uint8Array(await readFile(path, signal && { signal }));
      return { kind: 'encoded' as const, bytes };
    },
    close: () => Promise.resolve(),
  };
  return randomSource('openImageFolder', samples, options);
}

/** Paths of a given list count from the folder of images, or else from the folder of the list. */
async function baseOf(folder: string, list: string, first = ''): Promise<string> {
  const inFolder = await stat(join(folder, first)).catch(() => null);
  const besideList = await stat(join(dirname(list), first)).catch(() => null);
  return inFolder === null && besideList !== null ? dirname(list) : folder;
}
