import { batchesOf, loadDigits, toyPoints } from '@meanflow/data';
import type { BatchSource, ImageDataset, PointDataset, ToyName } from '@meanflow/data';
import { loadIdxFiles, loadMnist } from '@meanflow/data/node';
import type { DownloadProgress } from '@meanflow/data/node';
import type { DatasetInfo } from '@meanflow/train/run';
import type { DataConfig, ToyKind } from '../config/schema';
import { withUserInput } from '../userError';
import { loadStored } from './loadStored';

/** The data that a configuration names. */
export interface TrainingData {
  readonly info: DatasetInfo;
  /** Batches in the order of training, which the seed alone decides, mirrored where the configuration says so. */
  training(seed: number): BatchSource | Promise<BatchSource>;
  /** Batches in the order as stored, unchanged. */
  stored(): BatchSource | Promise<BatchSource>;
  /** Ends all reading. */
  close(): Promise<void>;
}

/** What to tell of a download, and how to stop it. */
export interface LoadOptions {
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

type DataKind = DataConfig['kind'];
type ConfigOf<K extends DataKind> = Extract<DataConfig, { kind: K }>;
type Loader<K extends DataKind> = (
  config: ConfigOf<K>,
  options: LoadOptions,
) => TrainingData | Promise<TrainingData>;

/** A data set in memory. */
function inMemory(dataset: ImageDataset | PointDataset, horizontalFlip = false): TrainingData {
  const { name, count, numClasses } = dataset;
  const stored = () => batchesOf(dataset, { seed: 0, shuffle: false });
  return {
    info: { name, count, sampleShape: stored().sampleShape, numClasses },
    training: (seed) => batchesOf(dataset, { seed, horizontalFlip }),
    stored,
    close: () => Promise.resolve(),
  };
}

const toy = ({ kind, count, seed }: ConfigOf<ToyKind>) =>
  inMemory(toyPoints(kind.slice('toy-'.length) as ToyName, { count, seed }));

/** One loader for each kind of data. */
const loaders: { readonly [K in DataKind]: Loader<K> } = {
  digits: ({ horizontalFlip }) => inMemory(loadDigits(), horizontalFlip),
  mnist: async ({ folder, horizontalFlip }, options) =>
    inMemory(await loadMnist({ ...options, ...(folder === null ? {} : { folder }) }), horizontalFlip),
  idx: async ({ images, labels, horizontalFlip }) =>
    inMemory(await loadIdxFiles(images, labels), horizontalFlip),
  stored: loadStored,
  'toy-moons': toy,
  'toy-spiral': toy,
  'toy-checkerboard': toy,
  'toy-eight-gaussians': toy,
  'toy-rings': toy,
  'toy-pinwheel': toy,
};

/**
 * Loads the data that a configuration names. Close them after use.
 *
 * @throws UserError if they cannot be found, read or downloaded.
 */
export async function loadData(config: DataConfig, options: LoadOptions = {}): Promise<TrainingData> {
  const load = loaders[config.kind] as Loader<DataKind>;
  return withUserInput(() => load(config as never, options));
}

/** Whether samples are images rather than points. */
export function areImages({ sampleShape }: Pick<DatasetInfo, 'sampleShape'>): boolean {
  return sampleShape.length === 3;
}
