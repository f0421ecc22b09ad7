import { createCollector } from '@meanflow/eval';
import { encodePng } from '@meanflow/train';
import { UserError } from '../userError';
import { collectImages } from './featuresOf';
import type { Features } from './featuresOf';
import type { NamedReference } from './findReference';
import type { ParsedOptions } from './evaluateOptions';
import { imagesAt, nearestRows, pairsPicture } from './neighboursPicture';
import { withReferenceImages } from './subjectReference';
import type { Subject } from './subject';

const PAIRS_IN_A_ROW = 5;
const PAIRS = 40;

/** Draws some images beside their nearest neighbours, and returns the picture as PNG. */
export async function neighboursPng(
  subject: Subject,
  path: string | undefined,
  { size }: ParsedOptions,
  features: Features,
  reference: NamedReference,
): Promise<Uint8Array> {
  const rows = reference.reference.features;
  if (rows === null) throw new UserError('--neighbours needs a reference of images, got statistics alone.');
  const drawn = subject.images(subject.nfe[0] ?? null, 0, PAIRS);
  const shown = createCollector({ extract: features.extract, keepFeatures: true, statistics: false });
  const pixels: Uint8Array[] = [];
  const head = drawn.sampleShape.reduce((product, n) => product * n, PAIRS);
  async function* parts() {
    for await (const part of drawn.parts()) {
      pixels.push(part);
      yield part;
    }
  }
  await collectImages({ ...drawn, parts }, shown);
  const found = shown.reference().features;
  if (found === null) throw new Error('internal: no features of the drawn images.');
  const nearest = nearestRows(found, rows);
  return withReferenceImages(subject, path, size, async (images) => {
    const bytes = new Uint8Array(Buffer.concat(pixels)).subarray(0, head);
    return encodePng(
      pairsPicture(bytes, await imagesAt(images, nearest), images.sampleShape, PAIRS_IN_A_ROW),
    );
  });
}
