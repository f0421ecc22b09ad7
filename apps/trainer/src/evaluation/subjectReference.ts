import { countProgress } from '../output/countProgress';
import type { Terminal } from '../terminal';
import { UserError } from '../userError';
import type { ParsedOptions, EvaluateOptions } from './evaluateOptions';
import type { Features } from './featuresOf';
import { readReference, referenceOf } from './findReference';
import type { NamedReference } from './findReference';
import { storedImages, trainingImages } from './imageSet';
import type { ImageSet } from './imageSet';
import type { Subject } from './subject';

/** Calls `use` with the images to compare with, and closes them. */
export async function withReferenceImages<T>(
  subject: Subject,
  path: string | undefined,
  size: number | null,
  use: (images: ImageSet) => Promise<T>,
): Promise<T> {
  if (path !== undefined) {
    const images = await storedImages(path, { option: '--reference', size });
    return use(images).finally(() => images.close());
  }
  const data = await subject.trainingData();
  return trainingImages(data)
    .then(use)
    .finally(() => data.close());
}

/** What images are compared with: a file of statistics, images, or those that the model was trained on. */
export async function openReference(
  subject: Subject,
  { reference: path, cache }: EvaluateOptions,
  { size }: ParsedOptions,
  features: Features,
  terminal: Terminal,
): Promise<NamedReference> {
  const statistics = path === undefined ? null : await readReference(path);
  if (statistics !== null) return statistics;
  return withReferenceImages(subject, path, size, async (images) => {
    if (images.sampleShape.join() !== subject.sampleShape.join()) {
      const [wanted, got] = [subject.sampleShape, images.sampleShape].map((shape) => shape.join('x'));
      const fix = subject.sampleShape[2] === images.sampleShape[2] ? ' --size brings both to one size.' : '';
      throw new UserError(
        `the reference must have images of ${wanted ?? ''}, got ${got ?? ''} in ${images.name}.${fix}`,
      );
    }
    const progress = countProgress(terminal, `Features of ${images.name}`, images.count);
    const keeping = cache === false ? { cache: null } : {};
    return referenceOf(images, features, { onImages: progress.update, ...keeping }).finally(progress.stop);
  });
}
