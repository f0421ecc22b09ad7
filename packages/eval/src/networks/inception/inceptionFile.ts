import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors, encodeSafetensors, toFloat32 } from '@meanflow/safetensors';
import type { SafeTensor } from '@meanflow/safetensors';
import { sha256 } from '../sha256';
import { decodeTorchCheckpoint, isTorchCheckpoint } from '../torch/torchCheckpoint';
import type { FeatureNetwork } from '../featureNetwork';
import { checkStateDict, withoutIgnored } from './foldWeights';
import type { StateDict } from './foldWeights';
import { inceptionNetwork } from './inceptionNetwork';
import type { InceptionOptions } from './inceptionNetwork';

/** The public file with the weights that FIDs are computed with. */
export const publicInception = {
  file: 'pt_inception-2015-12-05-6726825d.pth',
  bytes: 95_628_359,
  sha256: '6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2',
  folder: 'https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights',
} as const;

/** Name of the network over the public weights, under which results state it. */
const NAME = 'inception-2015-12-05';

/** Options of {@link inceptionFromBytes}. */
export interface InceptionFileOptions extends InceptionOptions {
  /**
   * Whether weights other than the public ones are taken: then the network is called `inception with other weights`, and
   * its Fréchet distance is no FID. Default false.
   */
  allowOtherWeights?: boolean;
}

/** Weights with where they come from. */
interface InceptionFile {
  readonly tensors: StateDict;
  /** SHA-256 of the public file if these are its weights, else of the weights. */
  readonly hash: string;
  readonly isPublic: boolean;
}

/** Metadata of a converted file: the SHA-256 of the file that it was made of, and of the weights in it. */
const [SOURCE_HASH, WEIGHTS_HASH] = ['sourceSha256', 'weightsSha256'];

function toStateDict(tensors: Readonly<Record<string, SafeTensor>>): StateDict {
  const entries = Object.entries(withoutIgnored(tensors)).map(
    ([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }] as const,
  );
  return Object.fromEntries(entries);
}

/** The weights alone in their one encoding, whatever file they come from. */
function encodeTensors(tensors: StateDict, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const entries = Object.entries(tensors).map(
    ([name, { shape, data }]) => [name, { dtype: 'F32', shape, data }] as const,
  );
  return encodeSafetensors(Object.fromEntries(entries), metadata);
}

async function fromCheckpoint(bytes: Uint8Array): Promise<InceptionFile> {
  const hash = await sha256(bytes);
  return {
    tensors: toStateDict(decodeTorchCheckpoint(bytes)),
    hash,
    isPublic: hash === publicInception.sha256,
  };
}

async function fromSafetensors(bytes: Uint8Array): Promise<InceptionFile> {
  const { tensors: stored, metadata } = decodeSafetensors(bytes);
  const tensors = toStateDict(stored);
  const hash = await sha256(encodeTensors(tensors));
  const stated = metadata[WEIGHTS_HASH];
  if (stated !== undefined && stated !== hash) {
    throw new Error(
      `inceptionFromBytes: the weights must have the SHA-256 that their file states, ${stated}, got ${hash}. Likely fix: convert the public file again.`,
    );
  }
  const source = metadata[SOURCE_HASH];
  const isPublic = stated !== undefined && source === publicInception.sha256;
  return { tensors, hash: isPublic ? source : hash, isPublic };
}

const readFile = (bytes: Uint8Array) =>
  isTorchCheckpoint(bytes) ? fromCheckpoint(bytes) : fromSafetensors(bytes);

function checkPublic(caller: string, { isPublic, hash }: InceptionFile): void {
  if (!isPublic) {
    throw new Error(
      `${caller}: the weights must be those of ${publicInception.file} with SHA-256 ${publicInception.sha256}, got ${hash}. Likely fix: get the file again, or allow other weights, which give no FID.`,
    );
  }
}

/**
 * The FID Inception network from the bytes of the public file, or of what {@link convertInception} made of it.
 *
 * @param bytes A whole file, `.pth` or `.safetensors`. Borrowed.
 * @returns A network on the active backend, until `dispose`. Its hash is that of the public file.
 * @throws Error, one sentence: a damaged file, weights of another network, or a hash that is not that of the public file,
 *   with both.
 */
export async function inceptionFromBytes(
  bytes: Uint8Array,
  { allowOtherWeights = false, ...options }: InceptionFileOptions = {},
): Promise<FeatureNetwork> {
  const file = await readFile(bytes);
  if (!allowOtherWeights) checkPublic('inceptionFromBytes', file);
  checkStateDict('inceptionFromBytes', file.tensors);
  const name = file.isPublic ? NAME : 'inception with other weights';
  await tf.ready(); // nobody else need have asked for a backend
  return inceptionNetwork({ name, hash: file.hash }, file.tensors, options);
}

/**
 * Converts the public weights file to safetensors: the same float32 numbers under the same names, without the counters.
 *
 * @param bytes The whole `.pth` file. Borrowed.
 * @returns The bytes of the new file. Its metadata hold the hashes of the public file and of the weights.
 * @throws Error as {@link inceptionFromBytes} does.
 */
export async function convertInception(
  bytes: Uint8Array,
  { allowOtherWeights = false }: Pick<InceptionFileOptions, 'allowOtherWeights'> = {},
): Promise<Uint8Array> {
  const file = await readFile(bytes);
  if (!allowOtherWeights) checkPublic('convertInception', file);
  checkStateDict('convertInception', file.tensors);
  const weightsHash = await sha256(encodeTensors(file.tensors));
  return encodeTensors(file.tensors, {
    format: 'pt',
    source: file.isPublic ? publicInception.file : 'unknown',
    [SOURCE_HASH]: file.hash,
    [WEIGHTS_HASH]: weightsHash,
  });
}
