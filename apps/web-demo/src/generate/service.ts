import { drawNoise } from '@meanflow/core';
import type { DatasetInfo, ObjectiveConfig } from '@meanflow/train/run';
import { transfer } from 'comlink';
import { modelUrls } from '../load/address';
import { download, MAX_BYTES, sizeText } from '../load/download';
import type { DownloadProgress } from '../load/download';
import { readModel } from '../load/readModel';
import type { ServiceContext } from '../worker/context';
import { blendCorners } from './blend';
import type { Corners } from './blend';
import { openModel } from './openModel';
import type { Drawn, OpenModel } from './openModel';

/** Where a model is. */
export type ModelSource =
  /** An address or `hf://` name as a visitor types it. */
  { readonly address: string; readonly base: string; readonly hub?: string } | { readonly file: File };

/** What the page has to know of a model. */
export interface ModelInfo {
  /** Names it in later calls. */
  readonly id: number;
  readonly kind: ObjectiveConfig['kind'];
  readonly dataset: DatasetInfo;
  readonly step: number | null;
  readonly weightCount: number;
  /** Size of its file. */
  readonly bytes: number;
}

/** What to draw. */
interface DrawRequest {
  /** Class of each sample; its length is the number of samples. */
  readonly labels: Int32Array;
  /** Sample i starts from the noise of (seed, i), as in `meanflow sample`. */
  readonly seed: number;
  /** Network calls one after the other. */
  readonly nfe: number;
}

/** Samples with what they were drawn from. */
export interface DrawnFromNoise extends Drawn {
  /** Of the same shape as the samples. */
  readonly noise: Float32Array;
}

/** What to draw between four noises: those of samples 0 .. 3 of a seed. */
interface BlendRequest {
  /** Classes that are drawn from the same noise, each once. */
  readonly labels: Int32Array;
  readonly seed: number;
  /** Where between the noises, from left to right and from top to bottom, each in [0, 1]. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Draws images in the worker. */
export interface GenerateService {
  /**
   * Reads a model and puts it on the backend.
   *
   * @throws Error with one sentence that says why it does not fit.
   */
  open(source: ModelSource, onProgress?: (progress: DownloadProgress) => void): Promise<ModelInfo>;
  /** Frees a model. */
  close(id: number): void;
  draw(id: number, request: DrawRequest): Promise<DrawnFromNoise>;
  /** Draws every class at every point in one network call, point by point. */
  blend(id: number, request: BlendRequest): Promise<Drawn>;
}

/** The noise of samples 0, 1, ... of a seed: that of `meanflow sample`. */
function noiseOf(seed: number, count: number, sampleShape: readonly number[]): Float32Array {
  return drawNoise(count, sampleShape, { seed, step: 0 }, 'sample').data as Float32Array;
}

function cornersOf(seed: number, sampleShape: readonly number[]): Corners {
  const noise = noiseOf(seed, 4, sampleShape);
  const size = noise.length / 4;
  const at = (i: number) => noise.subarray(i * size, (i + 1) * size);
  return { topLeft: at(0), topRight: at(1), bottomLeft: at(2), bottomRight: at(3) };
}

async function bytesOf(
  source: ModelSource,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<{ name: string; bytes: Uint8Array }> {
  if ('file' in source) {
    const { name, size } = source.file;
    if (size > MAX_BYTES)
      throw new Error(
        `A model must have at most ${sizeText(MAX_BYTES)} here, and ${name} has ${sizeText(size)}.`,
      );
    return { name, bytes: new Uint8Array(await source.file.arrayBuffer()) };
  }
  const { address, base, hub } = source;
  const urls = modelUrls(address, base, hub);
  const failures: unknown[] = [];
  for (const url of urls) {
    try {
      const bytes = await download(url, onProgress === undefined ? {} : { onProgress });
      return { name: decodeURIComponent(url.slice(url.lastIndexOf('/') + 1)), bytes };
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures[0];
}

/** The service over a backend. */
export function createGenerateService({ exclusive }: ServiceContext): GenerateService {
  const models = new Map<number, OpenModel>();
  let ids = 0;

  function modelOf(id: number): OpenModel {
    const model = models.get(id);
    if (model === undefined) throw new Error(`internal: no model ${id}.`);
    return model;
  }

  return {
    async open(source, onProgress) {
      const { name, bytes } = await bytesOf(source, onProgress);
      const read = readModel(bytes, name);
      const model = await exclusive(() => Promise.resolve(openModel(read)));
      ids += 1;
      models.set(ids, model);
      const { kind, dataset, step, weightCount } = model;
      return { id: ids, kind, dataset, step, weightCount, bytes: bytes.length };
    },
    close(id) {
      models.get(id)?.dispose();
      models.delete(id);
    },
    draw: (id, { labels, seed, nfe }) =>
      exclusive(async () => {
        const model = modelOf(id);
        const noise = noiseOf(seed, labels.length, model.dataset.sampleShape);
        const drawn = { ...(await model.draw(noise, labels, nfe)), noise };
        return transfer(drawn, [drawn.data.buffer, noise.buffer]);
      }),
    blend: (id, { labels, seed, points }) =>
      exclusive(async () => {
        const model = modelOf(id);
        const corners = cornersOf(seed, model.dataset.sampleShape);
        const count = points.length * labels.length;
        const size = corners.topLeft.length;
        const noise = new Float32Array(count * size);
        for (const [k, [x, y]] of points.entries()) {
          const here = blendCorners(corners, x, y);
          for (let i = 0; i < labels.length; i++) noise.set(here, (k * labels.length + i) * size);
        }
        const classes = Int32Array.from({ length: count }, (_, i) => labels[i % labels.length] ?? 0);
        const drawn = await model.draw(noise, classes, 1);
        return transfer(drawn, [drawn.data.buffer]);
      }),
  };
}
