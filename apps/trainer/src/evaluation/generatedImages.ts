import { floatsToPixels } from '@meanflow/data';
import { drawInParts } from '@meanflow/train/run';
import type { DatasetInfo, Sampler, SampleRequest } from '@meanflow/train/run';
import type { ImageSet } from './imageSet';

/** What to draw for an evaluation. */
export interface GenerationRequest {
  readonly count: number;
  readonly nfe: number;
  readonly seed: number;
}

/** The samples of an evaluation: the classes 0, 1, ... in turn, so that any part of them has equal shares. */
export function generationRequest(
  { numClasses }: Pick<DatasetInfo, 'numClasses'>,
  { count, nfe, seed }: GenerationRequest,
): SampleRequest {
  const labels = numClasses === 0 ? null : Int32Array.from({ length: count }, (_, i) => i % numClasses);
  return { labels, count, nfe, seed };
}

/** Images that a model draws, uint8 by clip(127.5 x + 128). */
export function generatedImages(sampler: Sampler, info: DatasetInfo, request: GenerationRequest): ImageSet {
  const { name, sampleShape } = info;
  async function* parts() {
    for await (const part of drawInParts(sampler, sampleShape, generationRequest(info, request))) {
      yield floatsToPixels(part);
    }
  }
  return { name, count: request.count, sampleShape, parts, close: () => Promise.resolve() };
}
