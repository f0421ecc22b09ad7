import { createHash } from 'node:crypto';
import { encodeSafetensors, toFloat32 } from '@meanflow/safetensors';
import type { SafeTensor } from '@meanflow/safetensors';
import { canonicalJson } from '@meanflow/train';
import type { HostWeights, JsonValue } from '@meanflow/train';
import { toHalf } from './halves';
import type { Recipe } from './recipes';
import type { LabelledImages } from './trainNetwork';

/** Weights in halves, which is how they are stored. */
export type HalfWeights = Readonly<Record<string, Extract<SafeTensor, { dtype: 'F16' }>>>;

/** Rounds weights to halves. */
export function toHalves(weights: HostWeights): HalfWeights {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [
      name,
      { dtype: 'F16', shape, data: Uint16Array.from(data, toHalf) },
    ]),
  );
}

/** The float32 values of halves. */
export function fromHalves(halves: HalfWeights): HostWeights {
  return Object.fromEntries(
    Object.entries(halves).map(([name, half]) => [name, { shape: half.shape, data: toFloat32(half) }]),
  );
}

/** SHA-256 over the pixels, then the classes as bytes. */
export function hashOfData({ pixels, labels }: LabelledImages): string {
  return createHash('sha256').update(pixels).update(Uint8Array.from(labels)).digest('hex');
}

/** What the file says besides the recipe. */
export interface Provenance {
  readonly command: string;
  readonly trainingData: string;
  readonly trainingDataHash: string;
  readonly testData: string;
  /** Share of the test images that the stored weights classify right. */
  readonly accuracy: number;
}

/** A feature network's file: its weights, and in the metadata how it came about. */
export function encodeNetwork(halves: HalfWeights, recipe: Recipe, provenance: Provenance): Uint8Array {
  const { name, network, ...rest } = recipe;
  const { accuracy, ...texts } = provenance;
  return encodeSafetensors(halves, {
    ...texts,
    name,
    accuracy: String(accuracy),
    config: canonicalJson(network as unknown as JsonValue),
    recipe: canonicalJson(rest),
  });
}
