import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { checkInteger } from '../batchChecks';
import type { ImageDecoder } from '../image/imageDecoder';
import { decodeImages } from './decodeImages';
import { createDecodePool } from './decodePool';

/** Options of {@link createImageDecoder}. */
export interface ImageDecoderOptions {
  /** Worker threads; 0 decodes in this thread. Default: one less than there are cores, from 1 to 8. */
  workers?: number;
  /**
   * The worker's file, for programs that are bundled: the path of `@meanflow/data/node/decodeWorker`, built. Default:
   * `decodeWorker.js` beside this program's file, as in the package itself; where there is none, as when this package's
   * TypeScript sources are run, images are decoded in this thread.
   */
  workerFile?: string;
}

const MOST_WORKERS = 8;

/** The built worker: beside the module, or in `node` if a bundler has put the module into a shared chunk. */
function findWorker(): string | null {
  const places = ['./decodeWorker.js', './node/decodeWorker.js'];
  const files = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return files.find((file) => existsSync(file)) ?? null;
}

/**
 * A decoder for image files in Node: JPEG, PNG, WebP, GIF, TIFF and AVIF.
 *
 * JPEGs are decoded by libjpeg-turbo, as in Pillow, to the same pixels; all others by libvips (sharp). Orientation and
 * colour profiles that a file may carry are not applied. Whatever libjpeg-turbo or libvips warn of, such as a file that
 * ends early, makes an image a damaged one.
 *
 * Threads start with the first image. Memory: up to two tasks a worker, each of at most 32 images and 256 KiB of files
 * (or one larger file) and their pixels; and about 60 MB a worker for the decoders themselves.
 *
 * @returns A decoder; close it to end its threads.
 * @throws RangeError if `workers` is no count; Error if `workerFile` is missing.
 */
export function createImageDecoder(options: ImageDecoderOptions = {}): ImageDecoder {
  const { workers = Math.min(MOST_WORKERS, Math.max(1, availableParallelism() - 1)), workerFile } = options;
  checkInteger('createImageDecoder', 'workers', workers, 0);
  if (workerFile !== undefined && !existsSync(workerFile)) {
    throw new Error(`createImageDecoder: workerFile must exist, got ${workerFile}.`);
  }
  const file = workerFile ?? findWorker();
  if (workers > 0 && file !== null) return createDecodePool(file, workers);
  return { decode: decodeImages, close: () => Promise.resolve() };
}
