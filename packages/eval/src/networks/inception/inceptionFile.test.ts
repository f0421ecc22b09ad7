import { decodeSafetensors, encodeSafetensors } from '@meanflow/safetensors';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { hashFilledInception } from '../../testing/inceptionWeights';
import { convertInception, inceptionFromBytes, publicInception } from './inceptionFile';

let tensors: ReturnType<typeof hashFilledInception> = {};
beforeAll(async () => {
  await tf.setBackend('cpu');
  tensors = hashFilledInception();
});

function fileOf(parts: typeof tensors, metadata: Record<string, string> = {}): Uint8Array {
  const entries = Object.entries(parts).map(
    ([name, { shape, data }]) => [name, { dtype: 'F32', shape, data }] as const,
  );
  return encodeSafetensors(Object.fromEntries(entries), metadata);
}

it('refuses other weights, and names both hashes', async () => {
  const bytes = fileOf(tensors);
  const hash = 'ee'; // replaced below: whatever the weights have
  const error = await inceptionFromBytes(bytes).catch((e: unknown) => e as Error);
  expect((error as Error).message.replace(/got [0-9a-f]{64}/, `got ${hash}`)).toBe(
    `inceptionFromBytes: the weights must be those of ${publicInception.file} with SHA-256 ${publicInception.sha256}, got ee. Likely fix: get the file again, or allow other weights, which give no FID.`,
  );
});

it('takes other weights where that is allowed, but calls them so', async () => {
  const network = await inceptionFromBytes(fileOf(tensors), { allowOtherWeights: true });
  expect(network).toMatchObject({ name: 'inception with other weights', featureSize: 2048, channels: 3 });
  expect(network.hash).toMatch(/^[0-9a-f]{64}$/);
  network.dispose();
});

it('converts to a file with the same numbers that knows its hashes, and finds a change', async () => {
  const counters = { 'fc.num_batches_tracked': { shape: [1], data: Float32Array.of(3) } };
  const bytes = await convertInception(fileOf({ ...tensors, ...counters }), { allowOtherWeights: true });
  const { tensors: converted, metadata } = decodeSafetensors(bytes);
  expect(Object.keys(converted)).toHaveLength(472);
  expect(converted['fc.bias']?.data).toEqual(tensors['fc.bias']?.data);
  expect(metadata['weightsSha256']).toMatch(/^[0-9a-f]{64}$/);

  const damaged = bytes.slice();
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  const { weightsSha256 = '' } = metadata;
  const error = await inceptionFromBytes(damaged, { allowOtherWeights: true }).catch(
    (e: unknown) => e as Error,
  );
  expect((error as Error).message).toMatch(
    new RegExp(`must have the SHA-256 that their file states, ${weightsSha256}, got [0-9a-f]{64}\\.`),
  );

  // A file of the public weights would say so: its name and its hash are then theirs.
  const weights = { ...converted } as Parameters<typeof encodeSafetensors>[0];
  const asPublic = encodeSafetensors(weights, { ...metadata, sourceSha256: publicInception.sha256 });
  const network = await inceptionFromBytes(asPublic, { pipeline: 'ptfid' });
  expect(network).toMatchObject({ name: 'inception-2015-12-05, ptfid', hash: publicInception.sha256 });
  network.dispose();
});

it.each([
  ['is missing', () => ({ 'fc.bias': undefined })],
  ['is [3] instead of [1008]', () => ({ 'fc.bias': { shape: [3], data: new Float32Array(3) } })],
])('refuses weights of which one %s', async (problem, change) => {
  const entries = Object.entries({ ...tensors, ...change() }).filter(([, tensor]) => tensor !== undefined);
  const bytes = fileOf(Object.fromEntries(entries) as typeof tensors);
  await expect(inceptionFromBytes(bytes, { allowOtherWeights: true })).rejects.toThrow(
    `inceptionFromBytes: the weights must be those of the FID Inception network, but fc.bias ${problem}. Likely fix: take pt_inception-2015-12-05-6726825d.pth, or what the converter made of it.`,
  );
});
