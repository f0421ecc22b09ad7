import type { EvaluationFile } from './resultFile';

/** A result with given values of the Fréchet distance, one for each number of network evaluations. */
export function resultWith(
  fid: Readonly<Record<number, number>>,
  change: Partial<EvaluationFile> = {},
): EvaluationFile {
  return {
    format: 'meanflow-evaluation',
    version: 1,
    images: { source: 'runs/digits', count: 1000, shape: [8, 8, 1] },
    network: { name: 'digits-lenet', hash: 'a'.repeat(64) },
    reference: { name: 'digits', count: 1797 },
    settings: { k: 3 },
    versions: { meanflow: '0.1.0' },
    results: Object.entries(fid).map(([nfe, value]) => ({
      nfe: Number(nfe),
      metrics: { fid: { value, values: [value], interval: null } },
      notes: [],
      seconds: 1,
    })),
    ...change,
  };
}
