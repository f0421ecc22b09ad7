import { floatsToPixels } from '@meanflow/data';
import { drawInParts } from '../run/drawSamples';
import type { Sampler } from '../run/drawSamples';
import type { ImageSet } from './imageSet';
import type { DatasetInfo } from '../data/loadData';

/** What to draw for an evaluation. */
export interface GenerationRequest {
  readonly count: number;
  readonly nfe: number;
  readonly seed: number;
}

/**
 * Images that a model draws, uint8 by clip(127.5 x + 128): the classes 0, 1, ... in turn, so that any part of them has
 * equal shares.
 */
export function generatedImages(
  sampler: Sampler,
  { name, sampleShape, numClasses }: DatasetInfo,
  { count, nfe, seed }: GenerationRequest,
): ImageSet {
  const labels = numClasses === 0 ? null : Int32Array.from({ length: count }, (_, i) => i % numClasses);
  async function* parts() {
    for await (const part of drawInParts(sampler, sampleShape, { labels, count, seed, nfe })) {
      yield floatsToPixels(part);
    }
  }
  return { name, count, sampleShape, parts, close: () => Promise.resolve() };
}
