import { scatterImage } from '@meanflow/train';
import type { RgbImage } from '@meanflow/train';
import { drawSamples, gridPicture, prepareSampler } from '@meanflow/train/run';
import type { DatasetInfo, Sampler, SampleRequest } from '@meanflow/train/run';
import type { RunConfig } from '../config/schema';
import { areImages } from '../data/loadData';
import type { TrainingData } from '../data/loadData';
import { firstSamples } from '../data/storedSamples';
import { sideBySide } from '../output/sideBySide';

/** Draws what a network has learnt, from the same noise each time. */
export interface Pictures {
  /** Has the sampler recorded for them. */
  prepare(sampler: Sampler): void;
  /** Samples: a grid with one row a class, or a scatter plot over the data. */
  samples(sampler: Sampler): Promise<RgbImage>;
  /** Samples next to real images of the same classes; a scatter plot shows both anyway. */
  comparison(sampler: Sampler): Promise<RgbImage>;
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

/** Data below, samples above, on the square that holds the data. */
export function scatterPicture(data: Float32Array, samples: Float32Array): RgbImage {
  const extent = 1.25 * data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
  return scatterImage([{ points: data }, { points: samples }], { extent });
}

/** Classes of points: 0, 1, ... in turn; null without classes. */
export function labelsInTurn(numClasses: number, count: number): Int32Array | null {
  return numClasses === 0 ? null : Int32Array.from({ length: count }, (_, i) => i % numClasses);
}

/** The samples of one kind of data. */
interface Drawing {
  readonly prepare: (sampler: Sampler) => void;
  readonly draw: (sampler: Sampler) => Promise<Float32Array>;
}

type Request = Pick<SampleRequest, 'labels' | 'count'>;

function picturesOfPoints(
  data: TrainingData,
  wanted: number,
  drawing: (request: Request) => Drawing,
): Pictures {
  const { numClasses, count } = data.info;
  const { prepare, draw } = drawing({ labels: labelsInTurn(numClasses, wanted), count: wanted });
  const samples = async (sampler: Sampler) => {
    const shown = await (await data.stored()).batchAt(0, Math.min(wanted, count));
    return scatterPicture(shown.x, await draw(sampler));
  };
  return { prepare, samples, comparison: samples };
}

function picturesOfImages(
  data: TrainingData,
  wanted: number,
  drawing: (request: Request) => Drawing,
): Pictures {
  const { count, columns, labels } = gridOf(data.info, wanted);
  const shape = [count, ...data.info.sampleShape];
  const { prepare, draw } = drawing({ labels, count });
  const samples = async (sampler: Sampler) => gridPicture({ shape, data: await draw(sampler) }, columns);
  const real = async () => gridPicture(await firstSamples(await data.stored(), count, labels), columns);
  return {
    prepare,
    samples,
    comparison: async (sampler) => sideBySide(await samples(sampler), await real(), GAP),
  };
}

/** The pictures of a training. */
export function picturesFor(
  data: TrainingData,
  { seed, sample: { count, nfe } }: Pick<RunConfig, 'seed' | 'sample'>,
): Pictures {
  const { sampleShape } = data.info;
  const drawing = (wanted: Request): Drawing => {
    const request = { ...wanted, seed, nfe };
    return {
      prepare: (sampler) => {
        prepareSampler(sampler, sampleShape, request);
      },
      draw: (sampler) => drawSamples(sampler, sampleShape, request),
    };
  };
  return areImages(data.info)
    ? picturesOfImages(data, count, drawing)
    : picturesOfPoints(data, count, drawing);
}
