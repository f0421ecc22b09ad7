import { meanFlow, normals } from '@meanflow/core';
import { ditParameters } from '@meanflow/dit';
import type { Parameter } from '@meanflow/dit';
import { decodeSafetensors, encodeSafetensors } from '@meanflow/safetensors';
import type { SafeTensor } from '@meanflow/safetensors';
import { guidance, optimizer } from './cases';
import { networks } from './networks';
import type { BenchNetwork, NetworkName } from './networks';
import { sincosPositions } from './positions';

const SEED = 1; // with it, both networks have a dropped label in their batch

/** What the programs need besides tensors. */
interface InputsConfig {
  readonly name: NetworkName;
  readonly network: BenchNetwork['config'];
  readonly batch: number;
  /** Rows and columns of patches, and numbers in a patch. */
  readonly patches: readonly [number, number, number];
  readonly instantRows: number;
  readonly guidance: typeof guidance;
  readonly optimizer: typeof optimizer;
}

/** Weights and one batch: the same for every program, so that their losses can be compared. */
export interface Inputs {
  readonly config: InputsConfig;
  /** By name: `weights/...`, `positions`, `x`, `y`, `e`, `t`, `r`, `drop`. */
  readonly tensors: Readonly<Record<string, SafeTensor>>;
}

/** Spread of a weight: initial weights would make the network return zero, and hide every mistake. */
function deviation({ name, shape }: Parameter): number {
  if (name.endsWith('.bias')) return 0.1;
  return name.endsWith('.table') ? 0.5 : (shape[0] ?? 1) ** -0.5;
}

function drawnWeight(parameter: Parameter): SafeTensor {
  const { name, shape } = parameter;
  const std = deviation(parameter);
  const count = shape.reduce((a, b) => a * b, 1);
  const data = normals({ seed: SEED, purpose: `bench ${name}` }, count).map((n) => std * n);
  return { dtype: 'F32', shape: [...shape], data };
}

/** Draws weights, data, noise and times of a network. */
export function drawInputs({ name, config, batch }: BenchNetwork): Inputs {
  const { inputSize, channels, patchSize, hiddenSize, numClasses } = config;
  const grid = inputSize / patchSize;
  const image = [inputSize, inputSize, channels];
  const count = batch * inputSize ** 2 * channels;
  const draws = meanFlow({ numClasses }).draw(batch, image, { seed: SEED, step: 0 });
  const f32 = (shape: number[], data: Float32Array): SafeTensor => ({ dtype: 'F32', shape, data });
  const drawn = Object.entries(draws.arrays).map(
    ([key, { shape, data }]) => [key, f32([...shape], Float32Array.from(data))] as const,
  );
  const weights = ditParameters(config).map(
    (parameter) => [`weights/${parameter.name}`, drawnWeight(parameter)] as const,
  );
  return {
    config: {
      name,
      network: config,
      batch,
      patches: [grid, grid, patchSize ** 2 * channels],
      instantRows: draws.instantRows,
      guidance,
      optimizer,
    },
    tensors: {
      ...Object.fromEntries([...weights, ...drawn]),
      positions: f32([grid * grid, hiddenSize], sincosPositions(grid, hiddenSize)),
      x: f32([batch, ...image], normals({ seed: SEED, purpose: 'bench data' }, count)),
      y: { dtype: 'I32', shape: [batch], data: Int32Array.from({ length: batch }, (_, i) => i % numClasses) },
    },
  };
}

/** Inputs as a file in safetensors format, the configuration in its metadata. */
export function encodeInputs({ config, tensors }: Inputs): Uint8Array {
  return encodeSafetensors(tensors, { config: JSON.stringify(config) });
}

/** The inverse of {@link encodeInputs}. */
export function decodeInputs(bytes: Uint8Array): Inputs {
  const { tensors, metadata } = decodeSafetensors(bytes);
  return { tensors, config: JSON.parse(metadata['config'] ?? '{}') as InputsConfig };
}

/** The network that inputs are for. */
export function networkOf({ config }: Inputs): BenchNetwork {
  return networks[config.name];
}
