import type { FeatureNetwork } from '@meanflow/eval';
import { featureNetworkNames, loadFeatureNetwork } from '@meanflow/eval/node';
import type { FeatureNetworkName } from '@meanflow/eval/node';
import type { DownloadProgress } from '@meanflow/data/node';
import { suggestion } from '../config/nearest';
import { UserError, withUserInput } from '../userError';

/** The network that was made for images of a size, by [height, width, channels]. */
const natural: Readonly<Record<string, FeatureNetworkName>> = {
  '8x8x1': 'digits-lenet',
  '28x28x1': 'mnist-lenet',
  '32x32x3': 'cifar10-convnet',
};

/**
 * The network that a choice means.
 *
 * @param choice A name, or `auto`: the small network for images of this size, else that of FID.
 * @param option What the choice is called where the user made it.
 * @throws UserError if there is none.
 */
export function chooseNetwork(
  choice: string,
  sampleShape: readonly number[],
  option: string,
): FeatureNetworkName {
  if (choice === 'auto') return natural[sampleShape.join('x')] ?? 'inception';
  const found = featureNetworkNames.find((name) => name === choice);
  if (found !== undefined) return found;
  const hint = suggestion(choice, featureNetworkNames);
  throw new UserError(
    `${option} must be auto or one of ${featureNetworkNames.join(', ')}, got ${choice}${hint === '' ? '.' : hint}`,
  );
}

/** Where the weights of the Inception network come from. */
export interface NetworkOptions {
  /** A file of them; null: the cache, or a download. */
  readonly weights?: string | null;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** Loads a network; the caller disposes of it. */
export async function loadNetwork(
  name: FeatureNetworkName,
  { weights = null, onProgress }: NetworkOptions = {},
): Promise<FeatureNetwork> {
  const options = { ...(weights !== null && { weights }), ...(onProgress && { onProgress }) };
  return withUserInput(() => loadFeatureNetwork(name, options));
}
