import { ditPreset } from '@meanflow/dit';
import type { DiTConfig } from '@meanflow/dit';

/** Names of the networks that are timed in Node.js. */
export const networkNames = ['small', 's2'] as const;

/** Names of those that are timed on a GPU. */
export const gpuNetworkNames = ['small', 's2', 'b2'] as const;

/** Names of those that are timed in a browser: without a GPU, WebGPU is too slow for larger ones. */
export const browserNetworkNames = ['digits', 'small'] as const;

export type NetworkName = (typeof gpuNetworkNames)[number] | (typeof browserNetworkNames)[number];

/** A network and the batch that it is trained with. */
export interface BenchNetwork {
  readonly name: NetworkName;
  readonly title: string;
  readonly config: DiTConfig & { readonly inputSize: number };
  readonly batch: number;
}

const small: BenchNetwork['config'] = {
  inputSize: 32,
  channels: 3,
  patchSize: 4,
  depth: 6,
  hiddenSize: 256,
  numHeads: 4,
  numClasses: 10,
};
const latents = { inputSize: 32, channels: 4, numClasses: 1000 };

/** By name. */
export const networks: Readonly<Record<NetworkName, BenchNetwork>> = {
  small: {
    name: 'small',
    title: 'width 256, depth 6, 4 heads, 64 tokens of 48 numbers, batch 32',
    config: small,
    batch: 32,
  },
  digits: {
    name: 'digits',
    title: 'width 128, depth 4, 4 heads, 16 tokens of 4 numbers, batch 16',
    config: {
      inputSize: 8,
      channels: 1,
      patchSize: 2,
      depth: 4,
      hiddenSize: 128,
      numHeads: 4,
      numClasses: 10,
    },
    batch: 16,
  },
  s2: {
    name: 's2',
    title: 'DiT-S/2 on 32 x 32 x 4, 256 tokens, batch 8',
    config: { ...ditPreset('S/2', latents), inputSize: latents.inputSize },
    batch: 8,
  },
  b2: {
    name: 'b2',
    title: 'DiT-B/2 on 32 x 32 x 4, 256 tokens, batch 32',
    config: { ...ditPreset('B/2', latents), inputSize: latents.inputSize },
    batch: 32,
  },
};
