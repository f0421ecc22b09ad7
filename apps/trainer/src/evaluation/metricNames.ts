import type { EvaluationResult, MetricChoices } from '@meanflow/eval';

/** A metric: how a table shows it, what an evaluator must be asked for, and where it answers. */
interface MetricInfo {
  readonly label: string;
  readonly isLowerBetter: boolean;
  /** Digits after the point. */
  readonly digits: number;
  readonly choice: keyof MetricChoices;
  read(result: EvaluationResult): number | undefined;
}

/** Every metric, in the order of tables. */
export const metricInfos = {
  fid: { label: 'FID', isLowerBetter: true, digits: 3, choice: 'fid', read: ({ fid }) => fid?.distance },
  sfid: { label: 'sFID', isLowerBetter: true, digits: 3, choice: 'sfid', read: ({ sfid }) => sfid?.distance },
  inceptionScore: {
    label: 'IS',
    isLowerBetter: false,
    digits: 3,
    choice: 'inceptionScore',
    read: ({ inceptionScore }) => inceptionScore?.mean,
  },
  kid: { label: 'KID', isLowerBetter: true, digits: 5, choice: 'kid', read: ({ kid }) => kid?.mean },
  precision: {
    label: 'precision',
    isLowerBetter: false,
    digits: 4,
    choice: 'precisionRecall',
    read: ({ precisionRecall }) => precisionRecall?.precision,
  },
  recall: {
    label: 'recall',
    isLowerBetter: false,
    digits: 4,
    choice: 'precisionRecall',
    read: ({ precisionRecall }) => precisionRecall?.recall,
  },
  density: {
    label: 'density',
    isLowerBetter: false,
    digits: 4,
    choice: 'densityCoverage',
    read: ({ densityCoverage }) => densityCoverage?.density,
  },
  coverage: {
    label: 'coverage',
    isLowerBetter: false,
    digits: 4,
    choice: 'densityCoverage',
    read: ({ densityCoverage }) => densityCoverage?.coverage,
  },
} as const satisfies Record<string, MetricInfo>;

export type MetricName = keyof typeof metricInfos;

export const metricNames = Object.keys(metricInfos) as MetricName[];

/** `FID (mnist-lenet)`, lest it be taken for an FID of Inception features; the others are in the same row. */
export function metricLabel(name: MetricName, network: string): string {
  const { label } = metricInfos[name];
  return name === 'fid' ? `${label} (${network})` : label;
}

/** What an evaluator must be asked for to have some metrics. */
export function choicesFor(names: readonly MetricName[]): MetricChoices {
  return Object.fromEntries(names.map((name) => [metricInfos[name].choice, true]));
}
