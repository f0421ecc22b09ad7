import { ditNetwork, ditParameters, initDiT, initMlp, mlpNetwork, mlpParameters } from '@meanflow/dit';
import type { DiTConfig, MlpConfig, Network } from '@meanflow/dit';
import type { Weights, WeightShape } from '../weights';
import type { DatasetInfo, ModelConfig } from './runConfig';

/** A network whose weights are elsewhere. */
export interface Model {
  /** Names and shapes of its weights. */
  readonly parameters: readonly WeightShape[];
  /** Initial weights; the caller owns them. */
  init(seed: number): Weights;
  /**
   * The network over given weights, which it borrows.
   *
   * @param recompute Whether a backward pass computes each block again rather than keeping it.
   */
  network(weights: Weights, recompute?: boolean): Network;
}

type ModelKind = ModelConfig['kind'];
type Builder<K extends ModelKind> = (config: Extract<ModelConfig, { kind: K }>, data: DatasetInfo) => Model;

const buildDit: Builder<'dit'> = ({ kind, ...shape }, { name, sampleShape, numClasses }) => {
  const [height = 0, width = 0, channels = 0] = sampleShape;
  if (sampleShape.length !== 3) {
    throw new RangeError(`buildModel: model.kind must be mlp for the points of ${name}, got ${kind}.`);
  }
  if (height % shape.patchSize !== 0 || width % shape.patchSize !== 0) {
    throw new RangeError(
      `buildModel: model.patchSize must divide the images of ${height} x ${width}, got ${shape.patchSize}.`,
    );
  }
  const config: DiTConfig = { ...shape, inputSize: [height, width], channels, numClasses };
  return {
    parameters: ditParameters(config),
    init: (seed) => initDiT(config, seed),
    network: (weights, recompute = false) => ditNetwork(config, weights, { recompute }),
  };
};

const buildMlp: Builder<'mlp'> = ({ kind, depth, hiddenSize }, { name, sampleShape, numClasses }) => {
  const [inputDim = 0] = sampleShape;
  if (sampleShape.length !== 1) {
    throw new RangeError(`buildModel: model.kind must be dit for the images of ${name}, got ${kind}.`);
  }
  const config: MlpConfig = { inputDim, hiddenSize, depth, numClasses };
  return {
    parameters: mlpParameters(config),
    init: (seed) => initMlp(config, seed),
    network: (weights) => mlpNetwork(config, weights),
  };
};

/** One builder for each kind of model. */
const builders: { readonly [K in ModelKind]: Builder<K> } = { dit: buildDit, mlp: buildMlp };

/**
 * The model that a configuration names, for given data.
 *
 * @throws RangeError if model and data do not fit each other.
 */
export function buildModel(config: ModelConfig, data: DatasetInfo): Model {
  return (builders[config.kind] as Builder<ModelKind>)(config, data);
}

/** Number of trainable numbers. */
export function countWeights({ parameters }: Pick<Model, 'parameters'>): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
}
