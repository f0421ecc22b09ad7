import type { Network, Objective } from '@meanflow/core';
import { pixelsToFloats } from '@meanflow/data';
import type { ImageDataset, PointDataset } from '@meanflow/data';
import { scatterImage } from '@meanflow/train';
import type { ImageBatch, RgbImage } from '@meanflow/train';
import type { RunConfig } from '../config/schema';
import { infoOf, isImages } from '../data';
import type { Dataset, DatasetInfo } from '../data';
import { gridPicture } from '../output/drawable';
import { sideBySide } from '../output/sideBySide';
import { drawSamples } from './drawSamples';

/** Draws what a network has learnt, from the same noise each time. */
export interface Pictures {
  /** Samples: a grid with one row a class, or a scatter plot over the data. */
  samples(network: Network): Promise<RgbImage>;
  /** Samples next to real images of the same classes; a scatter plot shows both anyway. */
  comparison(network: Network): Promise<RgbImage>;
}

const MAX_ROWS = 20; // of a grid
const GAP = 28; // pixels between samples and real images

/** How a grid of samples is laid out. */
export interface Grid {
  readonly count: number;
  readonly columns: number;
  /** Class of each sample; null without classes. */
  readonly labels: Int32Array | null;
}

/** Rows, columns and classes of a grid: one row a class, or a square without classes. */
export function gridOf({ numClasses }: Pick<DatasetInfo, 'numClasses'>, columns: number): Grid {
  const rows = numClasses === 0 ? columns : Math.min(numClasses, MAX_ROWS);
  const labels = Int32Array.from({ length: rows * columns }, (_, i) => Math.floor(i / columns));
  return { count: rows * columns, columns, labels: numClasses === 0 ? null : labels };
}

/** The first images of the set of the wanted classes, in the order of the labels. */
export function realImages(dataset: ImageDataset, count: number, labels: Int32Array | null): ImageBatch {
  const { height, width, channels, images } = dataset;
  const size = height * width * channels;
  const data = new Float32Array(count * size).fill(-1); // black where a class has too few
  const next = new Map<number, number>(); // class -> index from which to search
  for (let i = 0; i < count; i++) {
    const wanted = labels === null ? 0 : (labels[i] ?? 0);
    const index = dataset.labels.indexOf(wanted, next.get(wanted) ?? 0);
    if (index < 0) continue;
    next.set(wanted, index + 1);
    data.set(pixelsToFloats(images.subarray(index * size, (index + 1) * size)), i * size);
  }
  return { shape: [count, height, width, channels], data };
}

/** Data below, samples above, on the square that holds the data. */
export function scatterPicture(data: Float32Array, samples: Float32Array): RgbImage {
  const extent = 1.25 * data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
  return scatterImage([{ points: data }, { points: samples }], { extent });
}

/** Classes of points: 0, 1, ... in turn; null without classes. */
export function labelsInTurn(numClasses: number, count: number): Int32Array | null {
  return numClasses === 0 ? null : Int32Array.from({ length: count }, (_, i) => i % numClasses);
}

type Draw = (network: Network, labels: Int32Array | null, count: number) => Promise<Float32Array>;

function picturesOfPoints({ points, numClasses, count }: PointDataset, wanted: number, draw: Draw): Pictures {
  const shown = points.subarray(0, 2 * Math.min(wanted, count));
  const samples = async (network: Network) =>
    scatterPicture(shown, await draw(network, labelsInTurn(numClasses, wanted), wanted));
  return { samples, comparison: samples };
}

function picturesOfImages(dataset: ImageDataset, wanted: number, draw: Draw): Pictures {
  const { count, columns, labels } = gridOf(dataset, wanted);
  const shape = [count, dataset.height, dataset.width, dataset.channels];
  const samples = async (network: Network) =>
    gridPicture({ shape, data: await draw(network, labels, count) }, columns);
  return {
    samples,
    comparison: async (network) =>
      sideBySide(await samples(network), gridPicture(realImages(dataset, count, labels), columns), GAP),
  };
}

/** The pictures of a training. */
export function picturesFor(
  dataset: Dataset,
  objective: Objective,
  { seed, sample: { count, nfe } }: Pick<RunConfig, 'seed' | 'sample'>,
): Pictures {
  const { sampleShape } = infoOf(dataset);
  const draw: Draw = (network, labels, wanted) =>
    drawSamples(objective, network, sampleShape, { labels, count: wanted, seed, nfe });
  return isImages(dataset) ? picturesOfImages(dataset, count, draw) : picturesOfPoints(dataset, count, draw);
}
