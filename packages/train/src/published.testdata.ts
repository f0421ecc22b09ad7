import { fromOfficialWeights } from '@meanflow/dit';
import type { DiTConfig } from '@meanflow/dit';
import { golden } from '@meanflow/testing';
import type { Golden } from '@meanflow/testing';
import type { HostWeights } from './weights';

// The small published network whose losses, samples and training steps are recorded.

const parameters = golden(import.meta.url, 'meanflow_loss_params.safetensors');
const net = parameters.config as Record<string, number>;

/** Configuration of the recorded network. */
export const publishedConfig: DiTConfig = {
  inputSize: net['input_size']!,
  channels: net['in_channels']!,
  patchSize: net['patch_size']!,
  depth: net['depth']!,
  hiddenSize: net['hidden_size']!,
  numHeads: net['num_heads']!,
  numClasses: net['num_classes']!,
};

/** Tensors of a golden file below a prefix, by our names of the weights. */
export function readPublished(file: Golden, prefix: string): HostWeights {
  const names = file.names.filter((name) => name.startsWith(prefix));
  const arrays = names.map((name) => {
    const data = file.data(name) as Float32Array;
    return [name.slice(prefix.length), { shape: file.shape(name), data }] as const;
  });
  return fromOfficialWeights(Object.fromEntries(arrays));
}

/** Weights of the recorded network. */
export const publishedWeights: HostWeights = readPublished(parameters, 'params/net/');
