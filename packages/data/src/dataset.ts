/** Images with labels, held in memory as bytes. */
export interface ImageDataset {
  /** Short name, e.g. `digits`. */
  readonly name: string;
  /** Pixels 0 .. 255, [count, height, width, channels], row-major. */
  readonly images: Uint8Array;
  /** Class of each image, [count], in [0, numClasses); all 0 when `numClasses` is 0. */
  readonly labels: Int32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly count: number;
  /** Number of classes; 0 for a set without labels. */
  readonly numClasses: number;
  /** One name a class. */
  readonly classNames?: readonly string[];
}

/** Points with labels, held in memory as floats of about zero mean and unit variance. */
export interface PointDataset {
  /** Short name, e.g. `moons`. */
  readonly name: string;
  /** Coordinates, [count, dimension], row-major. */
  readonly points: Float32Array;
  /** Class of each point, [count], in [0, numClasses); all 0 when `numClasses` is 0. */
  readonly labels: Int32Array;
  readonly dimension: number;
  readonly count: number;
  /** Number of classes; 0 for a set without labels. */
  readonly numClasses: number;
  /** One name a class. */
  readonly classNames?: readonly string[];
}

/** Shape of one sample: [height, width, channels] or [dimension]. */
export function sampleShapeOf(dataset: ImageDataset | PointDataset): readonly number[] {
  return 'images' in dataset ? [dataset.height, dataset.width, dataset.channels] : [dataset.dimension];
}

/**
 * Checks that a data set's arrays fit its counts and that every label is a class.
 *
 * @param caller Exported function that the error names.
 * @throws RangeError with the rule and the value.
 */
export function checkDataset(caller: string, dataset: ImageDataset | PointDataset): void {
  const { name, count, labels, numClasses } = dataset;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`${caller}: data set ${name} must have at least one sample, got count ${count}.`);
  }
  const expected = count * sampleShapeOf(dataset).reduce((product, n) => product * n, 1);
  const length = 'images' in dataset ? dataset.images.length : dataset.points.length;
  if (length !== expected) {
    throw new RangeError(
      `${caller}: data set ${name} must hold ${expected} values by its shape, got ${length}.`,
    );
  }
  if (labels.length !== count) {
    throw new RangeError(`${caller}: data set ${name} must have ${count} labels, got ${labels.length}.`);
  }
  const limit = Math.max(numClasses, 1);
  const bad = labels.findIndex((label) => label < 0 || label >= limit);
  if (bad >= 0) {
    throw new RangeError(
      `${caller}: labels of data set ${name} must be in [0, ${limit}), got ${String(labels[bad])} at index ${bad}.`,
    );
  }
}
