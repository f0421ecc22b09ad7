import { batchesOf, loadDigits, toyPoints } from '@meanflow/data';
import type { ImageDataset, MemoryBatchSource, PointDataset, ToyName } from '@meanflow/data';
import { loadIdxFiles, loadMnist } from '@meanflow/data/node';
import type { DownloadProgress } from '@meanflow/data/node';
import type { DataConfig, ToyKind } from './config/schema';
import { withUserInput } from './userError';

/** What a model has to know of its data: enough to sample without them. It is written into every checkpoint. */
export interface DatasetInfo {
  readonly name: string;
  /** Samples in the set. */
  readonly count: number;
  /** [height, width, channels] of an image, [dimension] of a point. */
  readonly sampleShape: readonly number[];
  /** 0: no labels. */
  readonly numClasses: number;
}

export type Dataset = ImageDataset | PointDataset;

/** What to tell of a download, and how to stop it. */
export interface LoadOptions {
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

type DataKind = DataConfig['kind'];
type ConfigOf<K extends DataKind> = Extract<DataConfig, { kind: K }>;
type Loader<K extends DataKind> = (config: ConfigOf<K>, options: LoadOptions) => Dataset | Promise<Dataset>;

const toy = ({ kind, count, seed }: ConfigOf<ToyKind>) =>
  toyPoints(kind.slice('toy-'.length) as ToyName, { count, seed });

/** One loader for each kind of data. */
const loaders: { readonly [K in DataKind]: Loader<K> } = {
  digits: () => loadDigits(),
  mnist: ({ folder }, options) => loadMnist({ ...options, ...(folder === null ? {} : { folder }) }),
  idx: ({ images, labels }) => loadIdxFiles(images, labels),
  'toy-moons': toy,
  'toy-spiral': toy,
  'toy-checkerboard': toy,
  'toy-eight-gaussians': toy,
  'toy-rings': toy,
  'toy-pinwheel': toy,
};

/**
 * Loads the data set that a configuration names.
 *
 * @throws UserError if it cannot be found, read or downloaded.
 */
export async function loadDataset(config: DataConfig, options: LoadOptions = {}): Promise<Dataset> {
  const load = loaders[config.kind] as (
    config: DataConfig,
    options: LoadOptions,
  ) => Dataset | Promise<Dataset>;
  return withUserInput(() => load(config, options));
}

/** Batches of a data set in an order that seed and step alone decide. */
export function batchesFor(dataset: Dataset, config: DataConfig, seed: number): MemoryBatchSource {
  return batchesOf(dataset, {
    seed,
    ...('horizontalFlip' in config ? { horizontalFlip: config.horizontalFlip } : {}),
  });
}

export function isImages(dataset: Dataset): dataset is ImageDataset {
  return 'images' in dataset;
}

export function infoOf(dataset: Dataset): DatasetInfo {
  const { name, count, numClasses } = dataset;
  const sampleShape = isImages(dataset)
    ? [dataset.height, dataset.width, dataset.channels]
    : [dataset.dimension];
  return { name, count, sampleShape, numClasses };
}
