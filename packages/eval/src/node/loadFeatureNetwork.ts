import type { FeatureNetwork } from '../networks/featureNetwork';
import { inceptionFromBytes } from '../networks/inception/inceptionFile';
import type { InceptionFileOptions } from '../networks/inception/inceptionFile';
import { loadSmallNetwork, smallNetworkNames } from '../networks/smallNetworks';
import type { SmallNetworkName } from '../networks/smallNetworks';
import { inceptionWeights } from './inceptionWeights';
import type { InceptionWeightsOptions } from './inceptionWeights';

/** Names of {@link loadFeatureNetwork}: the network of FID with either input, or one of this package's own. */
export type FeatureNetworkName = 'inception' | 'inception-ptfid' | SmallNetworkName;

/** All names of {@link loadFeatureNetwork}. */
export const featureNetworkNames: readonly FeatureNetworkName[] = [
  'inception',
  'inception-ptfid',
  ...smallNetworkNames,
];

/** Options of {@link loadFeatureNetwork}; they concern the Inception network. */
export type LoadFeatureNetworkOptions = InceptionWeightsOptions &
  Pick<InceptionFileOptions, 'featureSize' | 'allowOtherWeights'>;

/**
 * A feature network by its name.
 *
 * `inception` is the network of FID with the input of TensorFlow 1, as the ADM evaluator and torch-fidelity have it,
 * `inception-ptfid` with that of pytorch-fid. Their weights are taken from a given file, else from the cache, else they are
 * fetched into the cache; only the public ones are accepted, by their SHA-256. The other networks travel in this package.
 *
 * @returns A network on the active backend, until `dispose`.
 * @throws RangeError for an unknown name; Error, one sentence, if the weights are not to be had or not the public ones.
 */
export async function loadFeatureNetwork(
  name: FeatureNetworkName,
  options: LoadFeatureNetworkOptions = {},
): Promise<FeatureNetwork> {
  if (!featureNetworkNames.includes(name)) {
    throw new RangeError(
      `loadFeatureNetwork: name must be one of ${featureNetworkNames.join(', ')}, got ${name as string}.`,
    );
  }
  if (name !== 'inception' && name !== 'inception-ptfid') return loadSmallNetwork(name);
  const { featureSize, allowOtherWeights } = options;
  return inceptionFromBytes(await inceptionWeights(options), {
    pipeline: name === 'inception' ? 'tf1' : 'ptfid',
    ...(featureSize && { featureSize }),
    ...(allowOtherWeights !== undefined && { allowOtherWeights }),
  });
}
