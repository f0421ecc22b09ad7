import { decodeSafetensors, encodeSafetensors } from '@meanflow/safetensors';
import type { SafeTensor } from '@meanflow/safetensors';
import '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { convNetFromBytes } from './convNetFile';
import { smallNetworkFile } from './smallNetworks';

/** The file of a network with something changed. */
async function changed(
  change: (tensors: Record<string, SafeTensor>, metadata: Record<string, string>) => void,
): Promise<Uint8Array> {
  const { tensors, metadata } = decodeSafetensors(await smallNetworkFile('digits-lenet'));
  change(tensors, metadata);
  return encodeSafetensors(tensors, metadata);
}

it.each([
  ['the file must have its configuration in the metadata, got none', { config: undefined }],
  ['the configuration must be JSON, got {', { config: '{' }],
  ['the configuration must be one of a feature network, got {"head":"mean"}', { config: '{"head":"mean"}' }],
  ['the configuration must be one of a feature network, got null', { config: 'null' }],
])('refuses a file: %s', async (problem, { config }) => {
  const bytes = await changed((_, metadata) => {
    if (config === undefined) delete metadata['config'];
    else metadata['config'] = config;
  });
  await expect(convNetFromBytes(bytes)).rejects.toThrow(
    `convNetFromBytes: ${problem}. Likely fix: take a file that train-features of tools/evaluation wrote.`,
  );
});

it('refuses weights that are not those of the configuration', async () => {
  const tensor: SafeTensor = { dtype: 'F32', shape: [1], data: new Float32Array(1) };
  await expect(convNetFromBytes(await changed((tensors) => (tensors['more'] = tensor)))).rejects.toThrow(
    'convNetFromBytes: the file must hold the weights of its configuration, got also more.',
  );
  await expect(
    convNetFromBytes(await changed((tensors) => (tensors['classes.bias'] = tensor))),
  ).rejects.toThrow('convNetFromBytes: classes.bias must be [10], got [1].');
  await expect(convNetFromBytes(await changed((tensors) => delete tensors['classes.bias']))).rejects.toThrow(
    'convNetFromBytes: classes.bias must be [10], got [nothing].',
  );
});

it('refuses a file that is cut short', async () => {
  const bytes = await smallNetworkFile('digits-lenet');
  await expect(convNetFromBytes(bytes.slice(0, 1000))).rejects.toThrow(/^decodeSafetensors: .*truncated\.$/);
});
