export { drawInParts, drawSamples, prepareSampler, samplerOf } from './drawSamples';
export type { Sampler, SampleRequest } from './drawSamples';
export { columnsFor, drawable, gridPicture, spreadLabels } from './gridPicture';
export { buildModel, countWeights } from './model';
export type { Model } from './model';
export { buildObjective } from './objective';
export { openState } from './openState';
export { readRunConfig } from './readRunConfig';
export type { CarriedConfig } from './readRunConfig';
export { checkpointConfig } from './runConfig';
export type {
  CompileConfig,
  DatasetInfo,
  DiTModelConfig,
  FlowMatchingConfig,
  GuidanceConfig,
  MeanFlowConfig,
  MlpModelConfig,
  ModelConfig,
  ObjectiveConfig,
  OptimizerConfig,
  RunConfig,
  TimesConfig,
  WeightingConfig,
} from './runConfig';
export { compileOptions, shardsFor, stepInputs, trainSettings } from './trainSettings';
export type { SourceBatch, StepInputs } from './trainSettings';
