import { textTable } from '../output/textTable';
import { metricInfos, metricLabel, metricNames } from './metricNames';
import type { MetricName } from './metricNames';
import type { EvaluationEntry, EvaluationFile } from './resultFile';

/** A result under the name that a table shows. */
export interface NamedResult {
  readonly name: string;
  readonly result: EvaluationFile;
}

/** `3.412 ± 0.05`, without the latter for a single draw. */
function showMetric(name: MetricName, entry: EvaluationEntry): string {
  const metric = entry.metrics[name];
  if (metric === undefined) return '';
  const { digits } = metricInfos[name];
  const value = metric.value.toFixed(digits);
  return metric.interval === null
    ? value
    : `${value} ± ${(metric.interval[1] - metric.value).toFixed(digits)}`;
}

/** What must be the same for two values to be comparable. */
function basisOf({ network, reference, images, settings }: EvaluationFile): Record<string, unknown> {
  return {
    network: `${network.name} ${network.hash.slice(0, 8)}`,
    reference: `${reference.name}, ${reference.count ?? '?'} images`,
    count: images.count,
    ...settings,
  };
}

/** Sentences about what differs between results that stand side by side. */
export function differences(results: readonly NamedResult[]): string[] {
  const [first, ...others] = results;
  if (first === undefined) return [];
  const basis = basisOf(first.result);
  return others.flatMap(({ name, result }) => {
    const other = basisOf(result);
    return [...new Set([...Object.keys(basis), ...Object.keys(other)])]
      .filter((key) => JSON.stringify(basis[key]) !== JSON.stringify(other[key]))
      .map(
        (key) =>
          `Not comparable: ${key} is ${JSON.stringify(basis[key])} for ${first.name} and ${JSON.stringify(other[key])} for ${name}.`,
      );
  });
}

/** A table with a row for every result and number of evaluations, and a column for every metric that any has. */
export function resultTable(results: readonly NamedResult[]): string {
  const entries = results.flatMap(({ name, result }) =>
    result.results.map((entry) => ({ name, result, entry })),
  );
  const shown = metricNames.filter((metric) =>
    entries.some(({ entry }) => entry.metrics[metric] !== undefined),
  );
  const networks = [...new Set(results.map(({ result }) => result.network.name))];
  const heading = shown.map((metric) => metricLabel(metric, networks.join(', ')));
  const rows = entries.map(({ name, result, entry }) => [
    name,
    entry.nfe === null ? '-' : String(entry.nfe),
    String(result.images.count),
    ...shown.map((metric) => showMetric(metric, entry)),
  ]);
  return textTable([['images', 'NFE', 'count', ...heading], ...rows]);
}
