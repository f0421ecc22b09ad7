import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeNpz, encodeNpz } from '@meanflow/data';
import { featureRows, neighbourMetrics } from '@meanflow/eval';
import { startBackend } from '../programs/backend';
import type { EvaluationTask } from './evaluationTask';
import { clusteredFeatures } from './features';

const [ROWS, FEATURES] = [5000, 2048];
const NEIGHBOURS = 5;

/** Precision, recall, density and coverage of 5000 against 5000 rows of 2048. */
export const neighboursTask: EvaluationTask = {
  title: 'precision, recall, density, coverage, 5000 x 5000 x 2048',
  peer: 'prdc',
  tolerance: 2 / ROWS, // the peer rounds distances where ours are exact
  writeInputs: (folder) => {
    const array = (set: number) =>
      ({ dtype: 'float32', shape: [ROWS, FEATURES], data: clusteredFeatures(set, ROWS, FEATURES) }) as const;
    writeFileSync(join(folder, 'features.npz'), encodeNpz({ real: array(0), fake: array(1) }));
  },
  open: async (folder) => {
    const started = await startBackend('tensorflow');
    if ('absent' in started) throw new Error(started.absent);
    const arrays = decodeNpz(new Uint8Array(readFileSync(join(folder, 'features.npz'))));
    const rowsOf = (name: string) => featureRows(Float32Array.from(arrays[name]?.data ?? []), FEATURES);
    const [real, fake] = [rowsOf('real'), rowsOf('fake')];
    const balls = { k: NEIGHBOURS, boundary: '<' } as const;
    return async () => {
      const { precisionRecall, densityCoverage } = await neighbourMetrics(real, fake, {
        precisionRecall: balls,
        densityCoverage: balls,
      });
      const { precision, recall } = precisionRecall ?? { precision: NaN, recall: NaN };
      const { density, coverage } = densityCoverage ?? { density: NaN, coverage: NaN };
      return [precision, recall, density, coverage];
    };
  },
};
