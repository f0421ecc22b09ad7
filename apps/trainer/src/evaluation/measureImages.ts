import { confidenceInterval, createEvaluator } from '@meanflow/eval';
import type { EvaluationResult } from '@meanflow/eval';
import { countProgress } from '../output/countProgress';
import type { Terminal } from '../terminal';
import { withUserInput } from '../userError';
import type { NamedReference } from './findReference';
import { collectImages } from './featuresOf';
import type { Features } from './featuresOf';
import type { ImageSet } from './imageSet';
import { choicesFor, metricInfos, metricNames } from './metricNames';
import type { MetricName } from './metricNames';
import type { EvaluationEntry, EvaluationFile } from './resultFile';
import type { Subject } from './subject';

/** Of some metrics those that a reference allows: statistics alone do for Fréchet distances and the Inception Score. */
export function possibleMetrics(
  metrics: readonly MetricName[],
  { reference: { features, spatial } }: NamedReference,
): MetricName[] {
  const needsRows = new Set(['kid', 'precisionRecall', 'densityCoverage']);
  return metrics.filter((name) => {
    if (name === 'sfid') return spatial !== null;
    return features !== null || !needsRows.has(metricInfos[name].choice);
  });
}

/** Compares one set of images with a reference. */
export async function measureImages(
  images: ImageSet,
  features: Features,
  { reference }: NamedReference,
  metrics: readonly MetricName[],
  onImages?: (count: number) => void,
): Promise<EvaluationResult> {
  return withUserInput(async () => {
    const evaluator = createEvaluator({
      extract: features.extract,
      metrics: choicesFor(metrics),
      reference,
      choices: features.choices,
    });
    await collectImages(images, evaluator, onImages);
    return evaluator.result();
  });
}

/** The values of one metric over repeated draws. */
function summary(values: readonly number[]): EvaluationEntry['metrics'][MetricName] {
  const value = values.reduce((sum, v) => sum + v, 0) / values.length;
  if (values.length < 2) return { value, values: [...values], interval: null };
  const { low, high } = confidenceInterval(values);
  return { value, values: [...values], interval: [low, high] };
}

/** The choices behind the values: what must be equal for them to be comparable. */
function settingsOf({
  kid,
  precisionRecall,
  densityCoverage,
  inceptionScore,
}: EvaluationResult): EvaluationFile['settings'] {
  return {
    ...(inceptionScore && { inceptionScore: { splits: inceptionScore.splits, seed: inceptionScore.seed } }),
    ...(kid && {
      kid: { subsets: kid.subsets, subsetSize: kid.subsetSize, seed: kid.seed, estimator: kid.estimator },
    }),
    ...(precisionRecall && { precisionRecall: { k: precisionRecall.k, boundary: precisionRecall.boundary } }),
    ...(densityCoverage && { densityCoverage: { k: densityCoverage.k, boundary: densityCoverage.boundary } }),
  };
}

/** One entry of a result file from repeated draws of one kind. */
function entryOf(
  nfe: number | null,
  draws: readonly EvaluationResult[],
  metrics: readonly MetricName[],
  seconds: number,
): EvaluationEntry {
  const values = metricNames
    .filter((name) => metrics.includes(name))
    .map((name) => [name, summary(draws.map((draw) => metricInfos[name].read(draw) ?? NaN))] as const);
  const notes = [...new Set(draws.flatMap((draw) => draw.notes))];
  return { nfe, metrics: Object.fromEntries(values), notes, seconds: Number(seconds.toPrecision(4)) };
}

/** Measures every number of evaluations. */
export async function measureAll(
  subject: Subject,
  features: Features,
  reference: NamedReference,
  metrics: readonly MetricName[],
  terminal: Terminal,
): Promise<Pick<EvaluationFile, 'results' | 'settings'>> {
  const entries: EvaluationEntry[] = [];
  let settings: EvaluationFile['settings'] = {};
  for (const nfe of subject.nfe) {
    const start = performance.now();
    const results: EvaluationResult[] = [];
    for (let draw = 0; draw < subject.draws; draw++) {
      const images = subject.images(nfe, draw);
      const which = subject.draws === 1 ? '' : `, draw ${draw + 1} of ${subject.draws}`;
      const progress = countProgress(
        terminal,
        nfe === null ? 'Images' : `Images at ${nfe} NFE${which}`,
        images.count,
      );
      results.push(
        await measureImages(images, features, reference, metrics, progress.update).finally(progress.stop),
      );
    }
    const [first] = results;
    if (first !== undefined) settings = settingsOf(first);
    entries.push(entryOf(nfe, results, metrics, (performance.now() - start) / 1000));
  }
  return { results: entries, settings };
}
