import { checkPositive } from '../metrics/checks';
import { createFeatureStore } from '../metrics/featureRows';
import type { FeatureRows, FeatureStore } from '../metrics/featureRows';
import { createMoments } from '../metrics/moments';
import type { Moments } from '../metrics/moments';
import type { CountedStatistics } from '../metrics/statistics';
import type { FeatureChoices, Reference } from './reference';

/** What a feature extractor says of B images, row-major. */
export interface ExtractedFeatures {
  /** [B, D]. */
  readonly features: Float32Array | Float64Array;
  /** Class scores before the softmax, [B, classes]: for the Inception Score. */
  readonly logits?: Float32Array | Float64Array | undefined;
  /** Features that know where they are, [B, S]: for sFID. */
  readonly spatial?: Float32Array | Float64Array | undefined;
}

/**
 * Any feature extractor: pixels 0 .. 255 of [B, H, W, C] to features. Ours is `extract` of `createFeatureExtractor`; a
 * function of one's own does as well.
 */
export type FeatureFunction = (
  pixels: Uint8Array,
  shape: readonly [count: number, height: number, width: number, channels: number],
) => Promise<ExtractedFeatures>;

/** Options of {@link createCollector}. */
export interface CollectorOptions {
  /** Turns images into features. Without one, features come by `addFeatures`. */
  extract?: FeatureFunction;
  /** Whether to keep mean and covariance, for FID. Default true. */
  statistics?: boolean;
  /** Whether to keep those of spatial features, for sFID. Default: where the extractor gives them. */
  spatial?: boolean;
  /** Whether to keep all features, for KID, precision, recall, density and coverage: 4 D bytes an image. Default false. */
  keepFeatures?: boolean;
  /** Whether to keep the logits, for the Inception Score: 4 bytes a class and image. Default false. */
  keepLogits?: boolean;
  /** How features come about, as plain data: part of what is written; `network` and `hash` are compared. */
  choices?: object;
}

/** Features of a stream of images, reduced to what metrics need. */
export interface Collector {
  /** Images so far. */
  readonly count: number;
  /**
   * Adds images. Calls need not wait for each other: features are added in the order of the calls.
   *
   * @throws RangeError if the pixels do not fit the shape, or features are not finite or of another size than before.
   *   Where features are missing, all that is asked of the collector later fails with the same error.
   */
  add(pixels: Uint8Array, shape: readonly [number, number, number, number]): Promise<void>;
  /** Adds features of `count` images that were extracted elsewhere. */
  addFeatures(extracted: ExtractedFeatures, count: number): void;
  /** The logits that were kept. */
  logits(): FeatureRows | null;
  /** What others can be compared with: statistics as copies, features as a view. */
  reference(): Reference & {
    readonly statistics: CountedStatistics | null;
    readonly spatial: CountedStatistics | null;
  };
}

/**
 * Collects features of images: in bounded memory, unless features or logits are to be kept.
 *
 * @see createEvaluator, which collects and compares.
 */
export function createCollector(options: CollectorOptions = {}): Collector {
  const {
    extract,
    statistics = true,
    spatial,
    keepFeatures = false,
    keepLogits = false,
    choices = {},
  } = options;
  const recorded: FeatureChoices = { ...choices };
  let count = 0;
  let moments: Moments | null = null;
  let spatialMoments: Moments | null = null;
  let features: FeatureStore | null = null;
  let logits: FeatureStore | null = null;
  let last = Promise.resolve(); // the call before
  let failure: Error | null = null;

  /** Numbers of one image. */
  function sizeOf(name: string, values: Float32Array | Float64Array | undefined, images: number): number {
    if (values === undefined || values.length === 0 || values.length % images !== 0) {
      throw new RangeError(
        `collector.addFeatures: ${name} of ${images} images must be as many rows, got ${values?.length ?? 'no'} numbers.`,
      );
    }
    return values.length / images;
  }

  function addRows(extracted: ExtractedFeatures, images: number): void {
    const size = sizeOf('features', extracted.features, images);
    if (statistics) (moments ??= createMoments(size)).add(extracted.features);
    if (keepFeatures) (features ??= createFeatureStore(size)).add(extracted.features);
    if (keepLogits) {
      const classes = sizeOf('logits', extracted.logits, images);
      (logits ??= createFeatureStore(classes)).add(extracted.logits ?? new Float32Array());
    }
    if (spatial === true || (spatial === undefined && extracted.spatial !== undefined)) {
      const places = sizeOf('spatial features', extracted.spatial, images);
      (spatialMoments ??= createMoments(places)).add(extracted.spatial ?? new Float32Array());
    }
    count += images;
  }

  /** Runs what must succeed for the collector to be complete. */
  function guarded<T>(run: () => T): T {
    if (failure !== null) throw failure;
    try {
      return run();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    }
  }

  function addFeatures(extracted: ExtractedFeatures, images: number): void {
    checkPositive('collector.addFeatures', 'count', images);
    guarded(() => {
      addRows(extracted, images);
    });
  }

  return {
    get count() {
      return count;
    },
    addFeatures,
    add: async (pixels, shape) => {
      const [images, height, width, channels] = shape;
      const wanted = images * height * width * channels;
      if (extract === undefined) {
        throw new RangeError(
          'collector.add: images must have an extractor, got none. Give extract, or use addFeatures.',
        );
      }
      if (!(wanted > 0) || pixels.length !== wanted) {
        throw new RangeError(
          `collector.add: images [${shape.join(', ')}] must have ${wanted} pixels, at least 1, got ${pixels.length}.`,
        );
      }
      const before = last;
      const extracted = extract(pixels, shape);
      last = (async () => {
        const [result] = await Promise.allSettled([extracted, before]);
        guarded(() => {
          if (result.status === 'rejected') throw result.reason;
          addRows(result.value, images);
        });
      })();
      return last;
    },
    logits: () => guarded(() => logits),
    reference: () =>
      guarded(() => ({
        statistics: moments?.statistics() ?? null,
        spatial: spatialMoments?.statistics() ?? null,
        features,
        choices: recorded,
      })),
  };
}
