import { convNetFromBytes } from './convNetFile';
import type { SmallFeatureNetwork } from './convNetFile';

/** Each network's weights are a module of their own, so that a program loads those that it uses. */
const files = {
  'digits-lenet': () => import('./weights/digits-lenet'),
  'mnist-lenet': () => import('./weights/mnist-lenet'),
  'cifar10-convnet': () => import('./weights/cifar10-convnet'),
};

/** Name of a feature network that travels inside this package. */
export type SmallNetworkName = keyof typeof files;

/** The feature networks that travel inside this package: one a data set, trained on that data set's classes. */
export const smallNetworkNames = Object.keys(files) as readonly SmallNetworkName[];

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)); // atob: in every browser and in Node
}

/**
 * Bytes of the safetensors file of a network of this package.
 *
 * @throws RangeError if there is none of that name.
 */
export async function smallNetworkFile(name: SmallNetworkName): Promise<Uint8Array> {
  if (!Object.hasOwn(files, name)) {
    throw new RangeError(
      `smallNetworkFile: name must be one of ${smallNetworkNames.join(', ')}, got ${name as string}.`,
    );
  }
  const { weights } = await files[name]();
  return fromBase64(weights);
}

/**
 * A small feature network for the images of one data set, e.g. `mnist-lenet` for those of MNIST. Its Fréchet distance is
 * "FID (mnist-lenet)": nothing to compare with an FID of Inception features, which in turn mean little for digits.
 *
 * @returns A network on the active backend, until `dispose`; no network access and no file system is needed.
 * @throws RangeError if there is none of that name.
 */
export async function loadSmallNetwork(name: SmallNetworkName): Promise<SmallFeatureNetwork> {
  return convNetFromBytes(await smallNetworkFile(name));
}
