export type { InceptionWeightsOptions } from './inceptionWeights';
export { featureNetworkNames, loadFeatureNetwork } from './loadFeatureNetwork';
export type { FeatureNetworkName, LoadFeatureNetworkOptions } from './loadFeatureNetwork';
