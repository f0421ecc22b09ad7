import { dirname } from 'node:path';
import { openWebDataset } from '../formats/webDataset';
import { gunzipWithZlib } from './gunzipStream';
import { indexCache } from './indexCache';
import { localFile } from './localFile';
import type { Format } from './format';
import { allNamed, commonOptions } from './onlyFile';
import { classNamesBeside, isShardName, shardsOfFolder } from './webDatasetShards';

/** WebDataset shards: a tar file, a folder of them, or a pattern. */
export const webDatasetFormat: Format = {
  format: 'webdataset',
  description:
    'WebDataset shards (.tar, .tar.gz, a folder of them, or a pattern as in train-{00000..00009}.tar)',
  async recognises(place) {
    if (place.kind === 'folder') return (await shardsOfFolder(place.location)).length > 0;
    const isTar = new TextDecoder().decode(place.start.subarray(257, 262)) === 'ustar';
    return isTar || allNamed(place, isShardName);
  },
  async open(place, options) {
    const { numClasses, classNames, cache, onProgress } = options;
    const files =
      place.kind === 'folder' ? (await shardsOfFolder(place.location)).map(localFile) : place.files;
    const folder = dirname(files[0]?.name ?? '.');
    const names = classNames ?? (numClasses === 0 ? undefined : await classNamesBeside(folder));
    return openWebDataset(files, {
      ...commonOptions(options),
      gunzip: gunzipWithZlib,
      ...(names && { classNames: names }),
      ...(cache !== null && { indexes: indexCache(cache) }),
      ...(onProgress && { onProgress }),
    });
  },
};
