import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMoments, decodeReference, encodeReference, frechetDistance } from '@meanflow/eval';
import type { Statistics } from '@meanflow/eval';
import type { EvaluationTask } from './evaluationTask';
import { correlatedFeatures } from './features';

const [FEATURES, ROWS, ROWS_AT_A_TIME] = [2048, 4096, 512];

/** The Fréchet distance of 2048 features, from statistics in files: no mean or covariance is timed. */
export const frechetTask: EvaluationTask = {
  title: 'Fréchet distance, 2048 features',
  peer: 'pytorch-fid',
  tolerance: 1e-9,
  writeInputs: (folder) => {
    for (const set of [0, 1]) {
      const moments = createMoments(FEATURES);
      for (let row = 0; row < ROWS; row += ROWS_AT_A_TIME)
        moments.add(correlatedFeatures(set, row, ROWS_AT_A_TIME, FEATURES));
      const reference = { statistics: moments.statistics(), spatial: null, features: null, choices: {} };
      writeFileSync(join(folder, `statistics-${set}.npz`), encodeReference(reference));
    }
  },
  open: (folder) => {
    const [a, b] = [0, 1].map((set) => {
      const { statistics } = decodeReference(readFileSync(join(folder, `statistics-${set}.npz`)));
      if (statistics === null) throw new Error('internal: a file without statistics.');
      return statistics;
    }) as [Statistics, Statistics];
    return Promise.resolve(() => Promise.resolve([frechetDistance(a, b).distance]));
  },
};
