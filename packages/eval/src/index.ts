export { convNet, convNetParameters } from './networks/convNet';
export type {
  ConvLayer,
  ConvNetConfig,
  ConvNetOutput,
  ConvNetParameter,
  ConvNetWeights,
  ConvStage,
} from './networks/convNet';
export { convNetFromBytes } from './networks/convNetFile';
export type { SmallFeatureNetwork } from './networks/convNetFile';
export { createFeatureExtractor } from './networks/featureExtractor';
export type {
  ExtractionChoices,
  FeatureExtractor,
  FeatureExtractorOptions,
  HostFeatures,
  ImagesShape,
} from './networks/featureExtractor';
export type { FeatureNetwork, NetworkOutput } from './networks/featureNetwork';
export { convertInception, inceptionFromBytes, publicInception } from './networks/inception/inceptionFile';
export type { InceptionFileOptions } from './networks/inception/inceptionFile';
export type { InceptionPipeline } from './networks/inception/inception';
export type { InceptionOptions } from './networks/inception/inceptionNetwork';
export { inceptionLayout } from './networks/inception/layout';
export { loadSmallNetwork, smallNetworkFile, smallNetworkNames } from './networks/smallNetworks';
export type { SmallNetworkName } from './networks/smallNetworks';
export { decodeTorchCheckpoint } from './networks/torch/torchCheckpoint';
export { createCollector } from './evaluator/collector';
export type { Collector, CollectorOptions, ExtractedFeatures, FeatureFunction } from './evaluator/collector';
export { createEvaluator } from './evaluator/createEvaluator';
export type {
  EvaluationResult,
  Evaluator,
  EvaluatorOptions,
  FrechetResult,
  MetricChoices,
} from './evaluator/createEvaluator';
export {
  decodeReference,
  encodeReference,
  referenceArrays,
  referenceFromArrays,
} from './evaluator/reference';
export type {
  DecodeReferenceOptions,
  EncodeReferenceOptions,
  FeatureChoices,
  Reference,
} from './evaluator/reference';
export { confidenceInterval } from './metrics/confidenceInterval';
export type { ConfidenceInterval } from './metrics/confidenceInterval';
export { createFeatureStore, featureRows } from './metrics/featureRows';
export type { FeatureRows, FeatureStore } from './metrics/featureRows';
export { frechetDistance } from './metrics/frechetDistance';
export type { FrechetDistance } from './metrics/frechetDistance';
export { inceptionScore } from './metrics/inceptionScore';
export type { InceptionScore, InceptionScoreOptions } from './metrics/inceptionScore';
export { kernelDistance } from './metrics/kernelDistance';
export type { KernelDistance, KernelDistanceOptions } from './metrics/kernelDistance';
export { createMoments } from './metrics/moments';
export type { Moments } from './metrics/moments';
export type { CountedStatistics, Statistics } from './metrics/statistics';
export { neighbourMetrics } from './neighbours/neighbourMetrics';
export type {
  BallOptions,
  Boundary,
  DensityCoverage,
  NeighbourMetrics,
  NeighbourMetricsOptions,
  PrecisionRecall,
} from './neighbours/neighbourMetrics';
