import { checkDataset } from './dataset';
import type { ImageDataset } from './dataset';
import { parseIdx } from './idx';
import type { IdxArray } from './idx';

/** A file's content with the name that errors should show. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Options of {@link imagesFromIdx}. */
export interface ImagesFromIdxOptions {
  /** Name of the data set. Default the name of the images file. */
  name?: string;
  /** Number of classes. Default the largest label plus 1, or 0 without a labels file. */
  numClasses?: number;
  /** One name a class; its length must be the number of classes. */
  classNames?: readonly string[];
  /** Largest size of either file after decompression, in bytes. Default 2^30. */
  maxBytes?: number;
}

const show = (array: IdxArray) => `${array.dtype} of shape [${array.shape.join(', ')}]`;

function asImages(
  name: string,
  array: IdxArray,
): { data: Uint8Array; shape: readonly [number, number, number, number] } {
  const [count = 0, height = 0, width = 0, channels = 1] = array.shape;
  const rankFits = array.shape.length === 3 || array.shape.length === 4;
  if (!rankFits || !(array.data instanceof Uint8Array)) {
    const fix =
      array.shape.length === 1
        ? 'It looks like a labels file: are the two files swapped?'
        : 'Likely fix: check which file was given.';
    throw new Error(
      `imagesFromIdx: ${name} must hold uint8 images of shape [count, height, width] or [count, height, width, channels], got ${show(array)}. ${fix}`,
    );
  }
  if (array.data.length === 0) {
    throw new Error(
      `imagesFromIdx: ${name} must hold at least one image of at least one pixel, got ${show(array)}.`,
    );
  }
  return { data: array.data, shape: [count, height, width, channels] };
}

function asLabels(name: string, array: IdxArray, count: number, imagesName: string): Int32Array {
  if (array.shape.length !== 1 || array.dtype.startsWith('float')) {
    const fix =
      array.shape.length >= 3
        ? 'It looks like an images file: are the two files swapped?'
        : 'Likely fix: check which file was given.';
    throw new Error(
      `imagesFromIdx: ${name} must hold integer labels of shape [count], got ${show(array)}. ${fix}`,
    );
  }
  if (array.data.length !== count) {
    throw new Error(
      `imagesFromIdx: images and labels must be equally many, got ${count} in ${imagesName} and ${array.data.length} in ${name}. Likely fix: take both files from the same split.`,
    );
  }
  return Int32Array.from(array.data);
}

/**
 * A labelled image set from the bytes of an IDX images file and an IDX labels file (plain or gzip).
 *
 * @param images uint8, [count, height, width] (one channel) or [count, height, width, channels]. Borrowed: the result
 *   may be a view of it when it is not compressed.
 * @param labels Integers, [count]; null for a set without labels.
 * @throws Error, one sentence, if a file is damaged (see {@link parseIdx}), the two are swapped or differ in count.
 * @throws RangeError if a label is not in [0, numClasses) or `classNames` has another length than `numClasses`.
 */
export function imagesFromIdx(
  images: NamedBytes,
  labels: NamedBytes | null,
  options: ImagesFromIdxOptions = {},
): ImageDataset {
  const limit = options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes };
  const parse = ({ name, bytes }: NamedBytes) => parseIdx(bytes, { name, ...limit });
  const pixels = asImages(images.name, parse(images));
  const [count, height, width, channels] = pixels.shape;
  const classes =
    labels === null ? new Int32Array(count) : asLabels(labels.name, parse(labels), count, images.name);
  const seenClasses = labels === null ? 0 : classes.reduce((most, label) => Math.max(most, label), 0) + 1;
  const { name = images.name, numClasses = seenClasses, classNames } = options;
  if (classNames !== undefined && classNames.length !== numClasses) {
    throw new RangeError(
      `imagesFromIdx: classNames must have one name for each of ${numClasses} classes, got ${classNames.length}.`,
    );
  }
  const shape = { height, width, channels, count, numClasses };
  const dataset = { name, images: pixels.data, labels: classes, ...shape, ...(classNames && { classNames }) };
  checkDataset('imagesFromIdx', dataset);
  return dataset;
}
