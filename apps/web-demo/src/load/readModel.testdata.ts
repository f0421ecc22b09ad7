import { initDiT } from '@meanflow/dit';
import { encodeWeights } from '@meanflow/train';
import type { HostWeights, JsonValue } from '@meanflow/train';

/** A small network as `meanflow train` writes it. */
export const tinyConfig = {
  data: { kind: 'digits' },
  model: { kind: 'dit', patchSize: 2, depth: 1, hiddenSize: 16, numHeads: 2, mlpRatio: 2 },
  objective: { kind: 'meanflow' },
  dataset: { name: 'digits', count: 1797, sampleShape: [8, 8, 1], numClasses: 10 },
} as const;

/** Weights of {@link tinyConfig}, none of them zero. */
export function tinyWeights(): HostWeights {
  const { depth, hiddenSize, numHeads, patchSize, mlpRatio } = tinyConfig.model;
  const shape = { inputSize: 8, channels: 1, numClasses: 10 };
  const weights = initDiT({ ...shape, depth, hiddenSize, numHeads, patchSize, mlpRatio }, 3);
  return Object.fromEntries(
    Object.entries(weights).map(([name, tensor], k) => {
      const data = Float32Array.from(tensor.dataSync(), (value, i) => value + 0.1 * Math.sin(i + k));
      tensor.dispose();
      return [name, { shape: tensor.shape, data }];
    }),
  );
}

/** The bytes of a weights file. */
export function tinyFile(config: JsonValue = tinyConfig, weights: HostWeights = tinyWeights()): Uint8Array {
  return encodeWeights(weights, config, { step: '12' });
}
