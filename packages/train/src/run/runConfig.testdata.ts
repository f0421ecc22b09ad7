import type { DatasetInfo, RunConfig } from './runConfig';

/** For tests: a small run on the digits. */
export const digitsRun: RunConfig = {
  data: { kind: 'digits' },
  model: { kind: 'dit', patchSize: 2, depth: 1, hiddenSize: 16, numHeads: 2, mlpRatio: 4 },
  objective: {
    kind: 'meanflow',
    times: { distribution: 'logit-normal', mean: -0.4, std: 1, instantFraction: 0.75 },
    guidance: { omega: 1.5, kappa: 0, tStart: 0, tEnd: 1 },
    labelDropout: 0.1,
    weighting: { p: 1, eps: 0.01 },
  },
  optimizer: {
    ...{ lr: 1e-3, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, clipNorm: null },
    ...{ schedule: { kind: 'constant', warmupSteps: 5 }, accumulate: 1, recompute: false, maxSkips: 5 },
  },
  ema: { decay: 0.99 },
  batchSize: 16,
  steps: 100,
  seed: 3,
  compile: { mode: 'fused', shards: null, bfloat16: false },
};

/** For tests: the digits. */
export const digitsInfo: DatasetInfo = {
  name: 'digits',
  count: 1797,
  sampleShape: [8, 8, 1],
  numClasses: 10,
};
