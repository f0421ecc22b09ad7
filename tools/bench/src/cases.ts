/** What is timed: a training step of an objective, optimizer and averaged weights included, or drawing samples. */
export const caseNames = ['flow-matching', 'meanflow', 'meanflow-guided', 'sampling'] as const;

export type CaseName = (typeof caseNames)[number];

/** Headings of the cases in a table. */
export const caseTitles: Readonly<Record<CaseName, string>> = {
  'flow-matching': 'flow matching',
  meanflow: 'MeanFlow',
  'meanflow-guided': 'MeanFlow, guided',
  sampling: '1-NFE sampling',
};

/** Guidance of `meanflow-guided`: the default of the published code. */
export const guidance = { omega: 1, kappa: 0.5 } as const;

/** Optimizer of every program: that of the published code. */
export const optimizer = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  emaDecay: 0.9999,
} as const;
