import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openLatentShards } from '../formats/latentShards';
import type { StoredFile } from '../io/storedFile';
import type { Format, Place } from './format';
import { localFile } from './localFile';
import { allNamed, commonOptions } from './onlyFile';

const isSafetensors = (name: string) => /\.safetensors$/i.test(name);

async function filesOf({ location, kind, files }: Place): Promise<readonly StoredFile[]> {
  if (kind === 'files') return files;
  const names = (await readdir(location)).filter(isSafetensors).sort();
  return names.map((name) => localFile(join(location, name)));
}

/** Latents in safetensors files. */
export const latentsFormat: Format = {
  format: 'latents',
  description: 'latents (.safetensors, or a folder of them)',
  async recognises(place) {
    return place.kind === 'folder' ? (await filesOf(place)).length > 0 : allNamed(place, isSafetensors);
  },
  open: async (place, options) => openLatentShards(await filesOf(place), commonOptions(options)),
};
