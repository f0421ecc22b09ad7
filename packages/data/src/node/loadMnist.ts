import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ImageDataset } from '../dataset';
import { isGzip } from '../gunzip';
import { imagesFromIdx } from '../imagesFromIdx';
import type { NamedBytes } from '../imagesFromIdx';
import { cacheFolder } from './cacheFolder';
import { fetchFromMirrors, writeAtomically } from './download';
import type { DownloadOptions } from './download';
import { loadIdxFiles } from './loadIdxFiles';

/** Options of {@link loadMnist}. */
export interface MnistOptions extends DownloadOptions {
  /** 60000 images to train on or 10000 to test with. Default `train`. */
  split?: 'train' | 'test';
  /** Folder with the IDX files, plain or gzip: nothing is downloaded then. Default the variable MEANFLOW_MNIST. */
  folder?: string;
  /** Folder where downloads are kept. Default `mnist` in the cache folder (see `cacheFolder`). */
  cacheDir?: string;
  /** Whether to download what the cache lacks. Default true. */
  download?: boolean;
  /** Addresses of folders that hold the four gzip files. Default two public mirrors. */
  mirrors?: readonly string[];
}

/** An MNIST file, known by its content: mirrors compress it differently. */
interface MnistFile {
  file: string;
  /** Size of the uncompressed IDX file. */
  size: number;
  /** SHA-256 of the uncompressed IDX file. */
  sha256: string;
}

const MIRRORS = [
  'https://ossci-datasets.s3.amazonaws.com/mnist',
  'https://storage.googleapis.com/cvdf-datasets/mnist',
];

const CLASS_NAMES = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const files: Readonly<Record<'train' | 'test', { images: MnistFile; labels: MnistFile }>> = {
  train: {
    images: {
      file: 'train-images-idx3-ubyte.gz',
      size: 47_040_016,
      sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    labels: {
      file: 'train-labels-idx1-ubyte.gz',
      size: 60_008,
      sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
  },
  test: {
    images: {
      file: 't10k-images-idx3-ubyte.gz',
      size: 7_840_016,
      sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    labels: {
      file: 't10k-labels-idx1-ubyte.gz',
      size: 10_008,
      sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
};

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Uncompressed content, or null if the bytes are damaged or would not fit in `size`. */
function content(bytes: Uint8Array, size: number): Uint8Array | null {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: size });
  } catch {
    return null;
  }
}

/** The uncompressed content if it is the known file, else null. */
function verified(bytes: Uint8Array, { size, sha256 }: MnistFile): Uint8Array | null {
  const plain = content(bytes, size);
  return plain !== null && createHash('sha256').update(plain).digest('hex') === sha256 ? plain : null;
}

/** `train-images-idx3-ubyte.gz` goes by a few names: unpacked, and with a dot for the second dash. */
function findIn(folder: string, { file }: MnistFile): string {
  const plain = file.replace(/\.gz$/, '');
  const dotted = plain.replace('-idx', '.idx');
  const names = [file, plain, `${dotted}.gz`, dotted];
  const found = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `loadMnist: the MNIST folder must hold ${names.slice(0, 2).join(' or ')}, got none in ${folder}. Likely fix: check the folder argument or MEANFLOW_MNIST.`,
    );
  }
  return found;
}

/** Fetches a file as the mirror has it, with its content, whose checksum is right. */
async function fetchFile(wanted: MnistFile, cache: string, options: MnistOptions) {
  const accept = (raw: Uint8Array) => {
    const plain = verified(raw, wanted);
    if (plain === null) throw new Error('its content has the wrong SHA-256');
    return { raw, plain };
  };
  const { mirrors = MIRRORS, signal } = options;
  try {
    return await fetchFromMirrors({ file: wanted.file, mirrors, maxBytes: wanted.size, accept }, options);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Error(
      `loadMnist: ${wanted.file} must be downloadable, got ${messageOf(cause)}. Likely fix: check the network, or put the four MNIST files into ${cache} by hand.`,
      { cause },
    );
  }
}

async function keep(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeAtomically(path, bytes);
  } catch (cause) {
    throw new Error(
      `loadMnist: the cache folder must be writable, got ${messageOf(cause)}. Likely fix: set cacheDir or XDG_CACHE_HOME to a folder of yours.`,
      { cause },
    );
  }
}

/** A file's content from the cache, or from a mirror if the cache has none or a damaged one. */
async function fromCache(wanted: MnistFile, cache: string, options: MnistOptions): Promise<NamedBytes> {
  const path = join(cache, wanted.file);
  const cached = existsSync(path) ? verified(await readFile(path), wanted) : null;
  if (cached !== null) return { name: path, bytes: cached };
  if (options.download === false) {
    throw new Error(
      `loadMnist: ${path} must be there and undamaged when download is false, got ${existsSync(path) ? 'a damaged file' : 'no file'}. Likely fix: allow the download, or put the four MNIST files there by hand.`,
    );
  }
  const { raw, plain } = await fetchFile(wanted, cache, options);
  await keep(path, raw);
  return { name: path, bytes: plain };
}

/**
 * MNIST: 28 x 28 grey digits in 10 classes, from a folder, else from the cache, else downloaded into the cache.
 *
 * A folder's files are taken as they are, so a set of the same format (Fashion-MNIST) works too. Cached and downloaded
 * files are checked by the SHA-256 of their content; a damaged one is fetched again; a download is there whole or not at
 * all. Proxies set in the environment are those of Node's `fetch`.
 *
 * @returns `mnist-train` or `mnist-test`, [N, 28, 28, 1]; the caller owns it.
 * @throws Error, one sentence: a folder without the files, a damaged file, or every mirror with its failure and the
 *   folder to put the files into.
 * @see Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 */
export async function loadMnist(options: MnistOptions = {}): Promise<ImageDataset> {
  const { split = 'train', cacheDir = join(cacheFolder(), 'mnist') } = options;
  const { images, labels } = files[split];
  const naming = { name: `mnist-${split}`, numClasses: CLASS_NAMES.length };
  const fromEnvironment = process.env['MEANFLOW_MNIST'];
  const folder = options.folder ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  if (folder !== undefined) return loadIdxFiles(findIn(folder, images), findIn(folder, labels), naming);
  const labelBytes = await fromCache(labels, cacheDir, options); // the small file first: a failure shows at once
  const imageBytes = await fromCache(images, cacheDir, options);
  return imagesFromIdx(imageBytes, labelBytes, { ...naming, classNames: CLASS_NAMES });
}
