import type { DatasetInfo, DiTModelConfig, ObjectiveConfig, RunConfig } from '@meanflow/train/run';
import type { BackendName } from '../backends/backendInfo';

/** Sizes of the network that the page offers. */
export const networkSizes = ['small', 'medium', 'large'] as const;
export type NetworkSize = (typeof networkSizes)[number];

/** Sides that dropped images are brought to. */
export const imageSides = [8, 16, 28, 32] as const;
export type ImageSide = (typeof imageSides)[number];

/** What a visitor decides about a new training. */
export interface TrainChoices {
  readonly objective: ObjectiveConfig['kind'];
  readonly size: NetworkSize;
  /** Learning rate of Adam after the warm-up, > 0. */
  readonly lr: number;
  /** Images in a step, at least 1. */
  readonly batchSize: number;
  /** Length of the training, at least 1. */
  readonly steps: number;
  /** Of weights, order of the data, noise and times; in [0, 2^53). */
  readonly seed: number;
  /** Whether each image is mirrored with probability 1/2. */
  readonly horizontalFlip: boolean;
}

/** Learning rates that train each size fast without breaking it. */
export const usualRates: Readonly<Record<NetworkSize, number>> = { small: 4e-3, medium: 2e-3, large: 1e-3 };

/** Good for the digits: most are recognisable after 400 steps, which is 12,800 images. */
export const defaultChoices: TrainChoices = {
  objective: 'meanflow',
  size: 'small',
  lr: usualRates.small,
  batchSize: 32,
  steps: 1500,
  seed: 0,
  horizontalFlip: false,
};

/** Images of a class in a grid of samples. */
const PER_CLASS = 8;
const MOST_SAMPLES = 100;
const WITHOUT_CLASSES = 6; // a square of this side

/** Samples of a class in the grid, one row a class; without classes the side of the square. */
export function samplesPerClass({ numClasses }: Pick<DatasetInfo, 'numClasses'>): number {
  if (numClasses === 0) return WITHOUT_CLASSES;
  return Math.max(1, Math.min(PER_CLASS, Math.floor(MOST_SAMPLES / numClasses)));
}

/** Where the samples of a page's run come from: the digits, or images that travel with the run. */
type PageData =
  | { readonly kind: 'digits'; readonly horizontalFlip: boolean }
  | {
      readonly kind: 'stored';
      /** Of the file beside the configuration, as `meanflow train` finds it in the run's folder. */
      readonly path: string;
      readonly size: null;
      readonly channels: null;
      readonly horizontalFlip: boolean;
      readonly shuffleBuffer: number;
      readonly workers: null;
      readonly onDamage: 'fail';
      readonly maxSkipped: number;
    };

/** The whole configuration of a run, every key that the trainer's has. */
export interface PageConfig extends RunConfig {
  readonly data: PageData;
  readonly backend: BackendName;
  readonly log: { readonly every: number };
  readonly sample: { readonly every: number; readonly count: number; readonly nfe: number };
  readonly evaluate: {
    readonly every: null;
    readonly count: number;
    readonly nfe: number;
    readonly network: string;
  };
  readonly checkpoint: { readonly every: number; readonly keep: number };
}

/** Name of the images of a run that are not the digits, in its folder, and of the data set in them. */
export const IMAGES_FILE = 'images.npz';
export const IMAGES_NAME = 'images';

/** Patches in a row of the image: 4 x 4 are fast, 8 x 8 (7 x 7 of 28 pixels) show more. */
function patchSizeFor(size: NetworkSize, side: number): number {
  const wanted = size === 'small' || side < 16 ? 4 : 8;
  const patches = [wanted, wanted - 1, wanted / 2, 1].find((n) => side % n === 0) ?? 1;
  return side / patches;
}

const widths: Readonly<Record<NetworkSize, Omit<DiTModelConfig, 'kind' | 'patchSize' | 'mlpRatio'>>> = {
  small: { depth: 4, hiddenSize: 64, numHeads: 4 },
  medium: { depth: 5, hiddenSize: 128, numHeads: 4 },
  large: { depth: 6, hiddenSize: 192, numHeads: 6 },
};

/** A network of one of the page's sizes for given images. */
export function modelFor(
  size: NetworkSize,
  { sampleShape }: Pick<DatasetInfo, 'sampleShape'>,
): DiTModelConfig {
  const [side = 1] = sampleShape;
  return { kind: 'dit', patchSize: patchSizeFor(size, side), ...widths[size], mlpRatio: 4 };
}

/** Guidance as the trainer's presets have it: samples of a class look more like it. */
const GUIDANCE = 1.5;

function objectiveFor(kind: TrainChoices['objective'], numClasses: number): ObjectiveConfig {
  const times = { distribution: 'logit-normal', mean: -0.4, std: 1 } as const;
  const labelDropout = 0.1;
  const guidance = numClasses === 0 ? null : { omega: GUIDANCE, kappa: 0, tStart: 0, tEnd: 1 };
  if (kind === 'flow-matching')
    return { kind, times, guidance, labelDropout, weighting: { p: 0, eps: 0.01 } };
  return {
    kind,
    times: { ...times, instantFraction: 0.75 },
    guidance,
    labelDropout,
    weighting: { p: 1, eps: 0.01 },
  };
}

const dataFor = ({ name }: DatasetInfo, horizontalFlip: boolean): PageData =>
  name === 'digits'
    ? { kind: 'digits', horizontalFlip }
    : {
        ...{ kind: 'stored', path: IMAGES_FILE, size: null, channels: null, horizontalFlip },
        ...{ shuffleBuffer: 8192, workers: null, onDamage: 'fail', maxSkipped: 100 },
      };

/**
 * The configuration of a new run, as `meanflow train` would resolve it.
 *
 * @param data What it is trained on.
 */
export function configOf(choices: TrainChoices, data: DatasetInfo, backend: BackendName): PageConfig {
  const { objective, size, lr, batchSize, steps, seed, horizontalFlip } = choices;
  return {
    data: dataFor(data, horizontalFlip),
    model: modelFor(size, data),
    objective: objectiveFor(objective, data.numClasses),
    optimizer: {
      ...{ lr, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, clipNorm: null },
      ...{ schedule: { kind: 'constant', warmupSteps: 50 }, accumulate: 1, recompute: false, maxSkips: 5 },
    },
    ema: { decay: 0.98 },
    ...{ batchSize, steps, seed, backend },
    compile: { mode: 'fused', shards: null, bfloat16: false },
    log: { every: 1 },
    sample: { every: 25, count: samplesPerClass(data), nfe: 1 },
    evaluate: { every: null, count: 1000, nfe: 1, network: 'auto' },
    checkpoint: { every: 500, keep: 3 },
  };
}

/** A rule for a number that a visitor types. */
interface NumberRule {
  readonly name: string;
  readonly says: string;
  readonly holds: (value: number) => boolean;
}

const between = (from: number, to: number) => (x: number) => Number.isSafeInteger(x) && x >= from && x <= to;
const rules: Readonly<Record<'lr' | 'batchSize' | 'steps' | 'seed', NumberRule>> = {
  lr: { name: 'The learning rate', says: 'above 0 and at most 1', holds: (x) => x > 0 && x <= 1 },
  batchSize: { name: 'The batch', says: 'a whole number from 1 to 1024', holds: between(1, 1024) },
  steps: { name: 'The number of steps', says: 'a whole number from 1 to 1000000', holds: between(1, 1e6) },
  seed: {
    name: 'The seed',
    says: 'a whole number of at least 0',
    holds: between(0, Number.MAX_SAFE_INTEGER),
  },
};

/** What is wrong with the numbers of a choice, as one sentence; null if nothing. */
export function problemOf(choices: TrainChoices): { key: keyof typeof rules; sentence: string } | null {
  for (const key of ['lr', 'batchSize', 'steps', 'seed'] as const) {
    const { name, says, holds } = rules[key];
    const value = choices[key];
    if (!holds(value)) {
      const got = Number.isNaN(value) ? 'no number' : String(value);
      return { key, sentence: `${name} must be ${says}, got ${got}.` };
    }
  }
  return null;
}
