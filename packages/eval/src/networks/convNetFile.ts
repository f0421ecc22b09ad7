import { decodeSafetensors, toFloat32 } from '@meanflow/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { convNet, convNetParameters } from './convNet';
import type { ConvNetConfig } from './convNet';
import type { FeatureNetwork } from './featureNetwork';
import { sha256 } from './sha256';

/** A feature network of this package, with what its file says of itself. */
export interface SmallFeatureNetwork extends FeatureNetwork {
  readonly config: ConvNetConfig;
  /** Share of the test images that it classifies right, in [0, 1]. */
  readonly accuracy: number;
  /** The file's metadata: recipe, command, data and its hash, accuracy. */
  readonly metadata: Readonly<Record<string, string>>;
}

function fail(what: string): never {
  throw new Error(
    `convNetFromBytes: ${what}. Likely fix: take a file that train-features of tools/evaluation wrote.`,
  );
}

/** The configuration in the metadata; that the weights fit it is checked by their shapes. */
function configOf(metadata: Readonly<Record<string, string>>): ConvNetConfig {
  const text = metadata['config'];
  if (text === undefined) fail('the file must have its configuration in the metadata, got none');
  let config: Partial<ConvNetConfig> | null;
  try {
    config = JSON.parse(text) as Partial<ConvNetConfig> | null;
  } catch {
    fail(`the configuration must be JSON, got ${text.slice(0, 80)}`);
  }
  const { inputSize, channels, stages, head, featureSize, numClasses } = config ?? {};
  const areCounts = [inputSize, channels, featureSize, numClasses].every((n) => Number.isSafeInteger(n));
  if (!areCounts || !Array.isArray(stages) || (head !== 'mean' && head !== 'dense'))
    fail(`the configuration must be one of a feature network, got ${text.slice(0, 80)}`);
  return config as ConvNetConfig;
}

/**
 * A small feature network from the bytes of its safetensors file. It works wherever tfjs does.
 *
 * @param bytes The whole file. Borrowed.
 * @returns A network on the active backend, until `dispose`.
 * @throws Error, one sentence, if the file is damaged, has no configuration of a feature network, or other weights than
 *   the configuration asks for.
 */
export async function convNetFromBytes(bytes: Uint8Array): Promise<SmallFeatureNetwork> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const config = configOf(metadata);
  const parameters = convNetParameters(config);
  const names = new Set(parameters.map(({ name }) => name));
  const unexpected = Object.keys(tensors).find((name) => !names.has(name));
  if (unexpected !== undefined)
    fail(`the file must hold the weights of its configuration, got also ${unexpected}`);
  for (const { name, shape } of parameters) {
    const found = tensors[name]?.shape.join(', ') ?? 'nothing';
    if (found !== shape.join(', ')) fail(`${name} must be [${shape.join(', ')}], got [${found}]`);
  }
  const hash = await sha256(bytes);
  await tf.ready(); // nobody else need have asked for a backend
  const weights = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tf.tensor(toFloat32(tensor), [...tensor.shape])]),
  );
  return {
    config,
    metadata,
    accuracy: Number(metadata['accuracy']),
    name: metadata['name'] ?? 'unnamed',
    hash,
    inputSize: config.inputSize,
    channels: config.channels,
    featureSize: config.featureSize,
    batchSize: 100,
    preprocessing: 'x / 127.5 - 1',
    extract: (images) => tf.tidy(() => ({ ...convNet(config, weights, images) })),
    dispose: () => {
      tf.dispose(weights);
    },
  };
}
