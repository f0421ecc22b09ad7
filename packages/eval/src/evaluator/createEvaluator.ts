import { frechetDistance } from '../metrics/frechetDistance';
import type { FrechetDistance } from '../metrics/frechetDistance';
import { inceptionScore } from '../metrics/inceptionScore';
import type { InceptionScore, InceptionScoreOptions } from '../metrics/inceptionScore';
import { kernelDistance } from '../metrics/kernelDistance';
import type { KernelDistance, KernelDistanceOptions } from '../metrics/kernelDistance';
import type { CountedStatistics, Statistics } from '../metrics/statistics';
import { neighbourMetrics } from '../neighbours/neighbourMetrics';
import type {
  BallOptions,
  DensityCoverage,
  NeighbourMetricsOptions,
  PrecisionRecall,
} from '../neighbours/neighbourMetrics';
import { createCollector } from './collector';
import type { Collector, FeatureFunction } from './collector';
import type { FeatureChoices, Reference } from './reference';

/** Which metrics, with their options; `true` takes the defaults. */
export interface MetricChoices {
  /** Fréchet distance of the features: FID, if they are those of the Inception network. */
  fid?: boolean;
  /** Fréchet distance of the spatial features. */
  sfid?: boolean;
  inceptionScore?: boolean | InceptionScoreOptions;
  /** Kernel distance. */
  kid?: boolean | Pick<KernelDistanceOptions, 'subsets' | 'subsetSize' | 'seed' | 'estimator'>;
  precisionRecall?: boolean | BallOptions;
  densityCoverage?: boolean | BallOptions;
}

/** Options of {@link createEvaluator}. */
export interface EvaluatorOptions {
  /** Turns images into features. Without one, features come by `addFeatures`. */
  extract?: FeatureFunction;
  /** Which metrics. Default FID alone. */
  metrics?: MetricChoices;
  /** What to compare with. The Inception Score needs none: null. */
  reference: Reference | null;
  /**
   * How features and images come about, as plain data: all of it goes into the result. `network` and `hash` must be those
   * of the reference where both state them.
   */
  choices?: object;
}

/** A Fréchet distance with the rows behind it. */
export interface FrechetResult extends FrechetDistance {
  readonly dimension: number;
  readonly count: number;
  /** Rows of the reference; null if its file does not say. */
  readonly referenceCount: number | null;
}

/** All values that were asked for, each with the choices that it depends on. It can be written as JSON. */
export interface EvaluationResult {
  /** Generated images. */
  readonly count: number;
  readonly choices: FeatureChoices;
  readonly fid?: FrechetResult;
  readonly sfid?: FrechetResult;
  readonly inceptionScore?: InceptionScore;
  readonly kid?: KernelDistance & { readonly count: number; readonly referenceCount: number };
  readonly precisionRecall?: PrecisionRecall & { readonly count: number; readonly referenceCount: number };
  readonly densityCoverage?: DensityCoverage & { readonly count: number; readonly referenceCount: number };
  /** What a reader must know to trust a value, one sentence each. */
  readonly notes: readonly string[];
}

/** Compares a stream of generated images with a reference. */
export interface Evaluator extends Pick<Collector, 'count' | 'add' | 'addFeatures'> {
  /**
   * All values. More images may follow, and another result.
   *
   * @throws RangeError if there are too few images for a metric.
   */
  result(
    options?: Pick<NeighbourMetricsOptions, 'onProgress' | 'signal' | 'blockRows'>,
  ): Promise<EvaluationResult>;
}

function checkComparable(choices: FeatureChoices, reference: FeatureChoices): void {
  for (const field of ['network', 'hash'] as const) {
    const [ours, theirs] = [choices[field], reference[field]];
    if (ours !== undefined && theirs !== undefined && ours !== theirs) {
      throw new RangeError(
        `createEvaluator: the reference must have the ${field} of the images, ${ours}, got ${theirs}. Compute the reference again with this network.`,
      );
    }
  }
}

function compare(statistics: CountedStatistics, reference: Statistics): FrechetResult {
  return {
    ...frechetDistance(statistics, reference),
    dimension: statistics.mean.length,
    count: statistics.count,
    referenceCount: reference.count,
  };
}

/** What of a Fréchet distance is not to be taken at face value. */
function frechetNotes(name: string, { dimension, count, referenceCount }: FrechetResult): string[] {
  const deficient = (rows: number | null, whose: string) =>
    rows !== null && rows <= dimension
      ? [
          `${name}: the covariance of ${rows} ${whose} images has a rank of at most ${rows - 1} for ${dimension} features, so the value is too high and compares only with values of as many images.`,
        ]
      : [];
  const unknown =
    referenceCount === null
      ? [`${name}: the file of the reference does not say how many images it is of.`]
      : [];
  return [...deficient(count, 'generated'), ...deficient(referenceCount, 'reference'), ...unknown];
}

const wanted = (choice: boolean | object | undefined) => choice !== undefined && choice !== false;
const optionsOf = <T extends object>(choice: boolean | T | undefined): T | Record<string, never> =>
  typeof choice === 'object' ? choice : {};

/**
 * Evaluates generated images as they come: features are extracted, reduced to what the chosen metrics need, and compared
 * with a reference at the end.
 *
 * @throws RangeError if the reference lacks what a metric needs, or is of another network.
 */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { extract, metrics = { fid: true }, reference } = options;
  const choices: FeatureChoices = { ...options.choices };
  const { fid, sfid, kid, precisionRecall, densityCoverage } = metrics;
  const needsRows = wanted(kid) || wanted(precisionRecall) || wanted(densityCoverage);
  const need = (isNeeded: boolean, isThere: boolean, what: string, fix: string) => {
    if (isNeeded && !isThere) {
      throw new RangeError(
        `createEvaluator: the reference must have ${what} for the metrics that were chosen, got none. ${fix}`,
      );
    }
  };
  need(
    fid === true,
    reference?.statistics != null,
    'statistics',
    'Collect them from images of the data set.',
  );
  need(
    sfid === true,
    reference?.spatial != null,
    'spatial statistics',
    'Use a network that gives spatial features.',
  );
  need(
    needsRows,
    reference?.features != null,
    'features',
    'Statistics alone give FID: keep the features of the reference.',
  );
  if (reference !== null) checkComparable(choices, reference.choices);

  const collector = createCollector({
    ...(extract && { extract }),
    statistics: fid === true,
    spatial: sfid === true,
    keepFeatures: needsRows,
    keepLogits: wanted(metrics.inceptionScore),
    choices,
  });

  return {
    get count() {
      return collector.count;
    },
    add: (pixels, shape) => collector.add(pixels, shape),
    addFeatures: (extracted, count) => {
      collector.addFeatures(extracted, count);
    },
    result: async (progress = {}) => {
      const { count } = collector;
      if (count < 2)
        throw new RangeError(
          `evaluator.result: at least 2 images are needed, got ${count}. Add images first.`,
        );
      const { statistics, spatial, features } = collector.reference();
      const logits = collector.logits();
      const theirs = reference?.features;
      const counts = { count, referenceCount: theirs?.count ?? 0 };
      const frechet = {
        ...(statistics && reference?.statistics && { fid: compare(statistics, reference.statistics) }),
        ...(spatial && reference?.spatial && { sfid: compare(spatial, reference.spatial) }),
      };
      const ofLogits = logits && {
        inceptionScore: inceptionScore(logits, optionsOf(metrics.inceptionScore)),
      };
      const ofKernel =
        features && theirs && wanted(kid)
          ? { kid: { ...kernelDistance(theirs, features, optionsOf(kid)), ...counts } }
          : {};
      const balls = {
        precisionRecall: wanted(precisionRecall) ? optionsOf(precisionRecall) : null,
        densityCoverage: wanted(densityCoverage) ? optionsOf(densityCoverage) : null,
      };
      const near =
        features && theirs ? await neighbourMetrics(theirs, features, { ...balls, ...progress }) : null;
      return {
        count,
        choices,
        ...frechet,
        ...ofLogits,
        ...ofKernel,
        ...(near?.precisionRecall && { precisionRecall: { ...near.precisionRecall, ...counts } }),
        ...(near?.densityCoverage && { densityCoverage: { ...near.densityCoverage, ...counts } }),
        notes: [
          ...(frechet.fid ? frechetNotes('fid', frechet.fid) : []),
          ...(frechet.sfid ? frechetNotes('sfid', frechet.sfid) : []),
        ],
      };
    },
  };
}
