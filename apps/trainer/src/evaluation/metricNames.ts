/** Every metric, in the order of tables, with how to show it. */
export const metricInfos = {
  fid: { label: 'FID', isLowerBetter: true, digits: 3 },
  sfid: { label: 'sFID', isLowerBetter: true, digits: 3 },
  inceptionScore: { label: 'IS', isLowerBetter: false, digits: 3 },
  kid: { label: 'KID', isLowerBetter: true, digits: 5 },
  precision: { label: 'precision', isLowerBetter: false, digits: 4 },
  recall: { label: 'recall', isLowerBetter: false, digits: 4 },
  density: { label: 'density', isLowerBetter: false, digits: 4 },
  coverage: { label: 'coverage', isLowerBetter: false, digits: 4 },
} as const;

export type MetricName = keyof typeof metricInfos;

export const metricNames = Object.keys(metricInfos) as MetricName[];

/** `FID (mnist-lenet)`: a distance means nothing without the network that measured it. */
export function metricLabel(name: MetricName, network: string): string {
  return `${metricInfos[name].label} (${network})`;
}
