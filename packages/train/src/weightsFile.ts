import { decodeSafetensors, encodeSafetensors, toFloat32 } from '@meanflow/safetensors';
import { canonicalJson } from './json';
import type { JsonValue } from './json';
import type { HostWeights } from './weights';

/** Contents of a weights file. */
export interface WeightsFile {
  weights: HostWeights;
  /** The configuration that the file carries; null if it carries none. */
  config: JsonValue;
  /** All the metadata of the file, `config` included, as text. */
  metadata: Record<string, string>;
}

/**
 * A safetensors file of float32 weights with the configuration, as JSON, in its metadata under `config`. Equal weights
 * and configurations give equal bytes.
 *
 * @param weights Borrowed.
 * @param config What is needed to build the model again.
 * @param metadata Further text, e.g. `{ step: '1000' }`. Default none.
 */
export function encodeWeights(
  weights: Readonly<HostWeights>,
  config: JsonValue,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = Object.entries(weights).map(
    ([name, { shape, data }]) => [name, { dtype: 'F32', shape, data }] as const,
  );
  return encodeSafetensors(Object.fromEntries(tensors), { ...metadata, config: canonicalJson(config) });
}

/**
 * Reads a weights file; tensors of any dtype become float32.
 *
 * @param bytes The whole file. The weights may be views of it.
 * @throws Error if the file is damaged (see `decodeSafetensors`) or its configuration is not JSON.
 */
export function decodeWeights(bytes: Uint8Array): WeightsFile {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const weights = Object.entries(tensors).map(
    ([name, t]) => [name, { shape: t.shape, data: toFloat32(t) }] as const,
  );
  return { weights: Object.fromEntries(weights), config: readConfig(metadata['config']), metadata };
}

function readConfig(text: string | undefined): JsonValue {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new Error(`decodeWeights: the metadata's config must be JSON, got ${text.slice(0, 80)}.`);
  }
}
