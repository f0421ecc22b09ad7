import type { ConvNetConfig } from '@meanflow/eval';

/** How a feature network is trained. A change of anything here is another network: give it another name. */
export interface Recipe {
  /** Name of the network, under which results state it. */
  readonly name: string;
  readonly network: ConvNetConfig;
  readonly epochs: number;
  readonly batchSize: number;
  /** Greatest learning rate of AdamW: up to it over the first fifth of the steps, then down to 0, linearly. */
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly emaDecay: number;
  /** Images are moved by up to so many pixels each way; what is moved in repeats the border. */
  readonly shift: number;
  /** Whether half of the images are mirrored left to right. */
  readonly flip: boolean;
  /** Share of the training data that is kept for the test, where the data set has no test split of its own. */
  readonly heldOut: number;
  readonly seed: number;
}

/** Data sets with a recipe. */
export type RecipeName = 'digits' | 'mnist' | 'cifar10';

const common = {
  batchSize: 128,
  weightDecay: 0.05,
  emaDecay: 0.99,
  shift: 0,
  flip: false,
  heldOut: 0,
  seed: 0,
};
const numClasses = 10;

/** The recipes by data set. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  digits: {
    ...common,
    name: 'digits-lenet',
    network: {
      inputSize: 8,
      channels: 1,
      stages: [
        { filters: 16, kernelSize: 3, pool: true },
        { filters: 32, kernelSize: 3 },
      ],
      head: 'dense',
      featureSize: 64,
      numClasses,
    },
    batchSize: 64,
    epochs: 60,
    learningRate: 4e-3,
    shift: 1,
    heldOut: 0.2,
  },
  mnist: {
    ...common,
    name: 'mnist-lenet',
    network: {
      inputSize: 28,
      channels: 1,
      stages: [
        { filters: 16, kernelSize: 5, pool: true },
        { filters: 32, kernelSize: 5, pool: true },
      ],
      head: 'dense',
      featureSize: 64,
      numClasses,
    },
    epochs: 8,
    learningRate: 4e-3,
    shift: 2,
  },
  cifar10: {
    ...common,
    name: 'cifar10-convnet',
    network: {
      inputSize: 32,
      channels: 3,
      stages: [
        { filters: 32, kernelSize: 3 },
        { filters: 64, kernelSize: 3, stride: 2, residual: true },
        { filters: 128, kernelSize: 3, stride: 2, residual: true },
      ],
      head: 'mean',
      featureSize: 128,
      numClasses,
    },
    epochs: 8,
    learningRate: 4e-3,
    shift: 4,
    flip: true,
  },
};
