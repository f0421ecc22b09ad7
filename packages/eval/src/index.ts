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
export { loadSmallNetwork, smallNetworkFile, smallNetworkNames } from './networks/smallNetworks';
export type { SmallNetworkName } from './networks/smallNetworks';
