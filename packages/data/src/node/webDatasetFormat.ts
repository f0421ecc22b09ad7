import { dirname } from 'node:path';
import { openWebDataset } from '../formats/webDataset';
import { gunzipWithZlib } from './gunzipStream';
import { indexCache } from './indexCache';
import { localFile } from './localFile';
import type { Format } from './openSource';
import { classNamesBeside, isShardName, shardsOfFolder } from './webDatasetShards';

/** WebDataset shards: a tar file, a folder of them, or a pattern. */
export const webDatasetFormat: Format = {
  format: 'webdataset',
  description:
    'WebDataset shards (.tar, .tar.gz, a folder of them, or a pattern as in train-{00000..00009}.tar)',
  async recognises({ location, kind, paths }) {
    if (kind === 'folder') return (await shardsOfFolder(location)).length > 0;
    return paths.length > 0 && paths.every(isShardName);
  },
  async open(place, { name, numClasses, classNames, damage, cache, signal, onProgress }) {
    const paths = place.kind === 'folder' ? await shardsOfFolder(place.location) : place.paths;
    const folder = dirname(paths[0] ?? '.');
    const names = classNames ?? (numClasses === 0 ? undefined : await classNamesBeside(folder));
    return openWebDataset(paths.map(localFile), {
      name,
      gunzip: gunzipWithZlib,
      ...(numClasses !== undefined && { numClasses }),
      ...(names && { classNames: names }),
      ...(damage && { damage }),
      ...(cache !== null && { indexes: indexCache(cache) }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  },
};
