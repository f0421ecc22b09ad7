import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeNpz, encodeNpz } from '@meanflow/data';
import { createFeatureExtractor, inceptionFromBytes, inceptionLayout } from '@meanflow/eval';
import { encodeSafetensors } from '@meanflow/safetensors';
import { startBackend } from '../programs/backend';
import type { EvaluationTask } from './evaluationTask';
import { generator } from './features';

/** Images of a run: three batches of ours, one of pytorch-fid's. */
const IMAGES = 48;
const SIDE = 32;

/** Weights under which all layers have outputs of about the same size: the public ones need a download. */
function weightsOf(name: string, shape: readonly number[], seed: number): Float32Array {
  const next = generator(seed);
  const size = shape.reduce((product, n) => product * n, 1);
  const spread = shape.length === 1 ? 0.1 : 5.6 / Math.sqrt(size / (shape[0] ?? 1));
  const centre = shape.length === 1 && /(bn\.weight|running_var)$/.test(name) ? 1 : 0;
  return Float32Array.from({ length: size }, () => centre + spread * next());
}

/** Features of the Inception network with pytorch-fid's input. */
export const inceptionTask: EvaluationTask = {
  title: 'Inception features, images of 32 x 32',
  peer: 'pytorch-fid',
  images: IMAGES,
  tolerance: 1e-4,
  writeInputs: (folder) => {
    const tensors = inceptionLayout().map(({ name, shape }, i) => {
      return [name, { shape, data: weightsOf(name, shape, i + 1) }] as const;
    });
    const f32 = tensors.map(([name, tensor]) => [name, { dtype: 'F32', ...tensor }] as const);
    const npz = tensors.map(([name, tensor]) => [name, { dtype: 'float32', ...tensor }] as const);
    writeFileSync(join(folder, 'weights.safetensors'), encodeSafetensors(Object.fromEntries(f32)));
    writeFileSync(join(folder, 'weights.npz'), encodeNpz(Object.fromEntries(npz)));
    const next = generator(1);
    const shape = [IMAGES, SIDE, SIDE, 3];
    const data = Uint8Array.from({ length: IMAGES * SIDE * SIDE * 3 }, () => 256 * (next() + 0.5));
    writeFileSync(join(folder, 'images.npz'), encodeNpz({ images: { dtype: 'uint8', shape, data } }));
  },
  open: async (folder) => {
    const started = await startBackend('tensorflow');
    if ('absent' in started) throw new Error(started.absent);
    const bytes = new Uint8Array(readFileSync(join(folder, 'weights.safetensors')));
    const network = await inceptionFromBytes(bytes, { pipeline: 'ptfid', allowOtherWeights: true });
    const { images } = decodeNpz(new Uint8Array(readFileSync(join(folder, 'images.npz'))));
    const pixels = Uint8Array.from((images?.data ?? []) as Uint8Array);
    const extractor = createFeatureExtractor(network);
    return async () => {
      const { features, featureSize } = await extractor.extract(pixels, [IMAGES, SIDE, SIDE, 3]);
      return [...features.subarray(0, 8), ...features.subarray((IMAGES - 1) * featureSize).subarray(0, 8)];
    };
  },
};
