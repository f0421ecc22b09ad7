import { openWebDataset } from '../formats/webDataset';
import { countsOf, INDEX_FILES, parseWidsIndex } from '../formats/widsIndex';
import type { ListedShard } from '../formats/widsIndex';
import type { HttpOptions } from '../io/httpFile';
import { inParallel } from '../io/inParallel';
import type { StoredFile } from '../io/storedFile';
import type { Source } from '../source';
import { beside, filesAt, isRemote, textOf } from './filesAt';
import type { Format, OpenSourceOptions, Place } from './format';
import { gunzipWithZlib } from './gunzipStream';
import { indexCache } from './indexCache';
import { localFile } from './localFile';
import { allNamed, commonOptions } from './onlyFile';
import { isShardName, shardsOfFolder } from './webDatasetShards';

const isIndexName = (name: string) => /\.json$/i.test(name);

interface Shards {
  readonly files: readonly StoredFile[];
  /** Shards with their counts, from an index that was given or lies beside them. */
  readonly index: readonly ListedShard[] | null;
}

async function textAt(location: string, http?: HttpOptions): Promise<string | null> {
  const [file] = await filesAt(location, http);
  return file === undefined ? null : textOf(file);
}

async function indexBeside(location: string, http?: HttpOptions): Promise<ListedShard[] | null> {
  const found = await inParallel(INDEX_FILES, INDEX_FILES.length, async (name) => {
    const text = await textAt(beside(location, name), http);
    return text === null ? null : parseWidsIndex(text);
  });
  return found.find((index) => index !== null) ?? null;
}

/** Shards of an index that was given as the location. */
async function shardsOfIndex(file: StoredFile, http?: HttpOptions): Promise<Shards> {
  const text = await textOf(file);
  const index = text === null ? null : parseWidsIndex(text);
  if (index === null) {
    throw new Error(
      `openSource: ${file.name} must be a readable index of shards, {"shardlist": [{"url", "nsamples"}, ...]}, got something else. Likely fix: check the path.`,
    );
  }
  const files = await Promise.all(index.map(({ url }) => filesAt(beside(file.name, url), http)));
  return { files: files.flat(), index };
}

async function shardsOf({ kind, location, files }: Place, http?: HttpOptions): Promise<Shards> {
  const [first] = files;
  if (first !== undefined && isIndexName(first.name)) return shardsOfIndex(first, http);
  const shards = kind === 'folder' ? (await shardsOfFolder(location)).map(localFile) : files;
  return { files: shards, index: await indexBeside(shards[0]?.name ?? '', http) };
}

/** Class names from a `classes.txt` beside the shards, one a line. */
async function classNamesBeside(location: string, http?: HttpOptions): Promise<string[] | undefined> {
  const text = await textAt(beside(location, 'classes.txt'), http);
  const names = text
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return names && names.length > 0 ? names : undefined;
}

/** Counts by the index, unless the number of classes is not known and looking through the shards is cheap. */
function usableCounts({ files, index }: Shards, classesKnown: boolean): number[] | null {
  if (index === null || (!classesKnown && files.every((file) => file.seeksCheaply))) return null;
  const names = files.map(({ name }) => name);
  return countsOf(index, names);
}

async function open(place: Place, options: OpenSourceOptions & { name: string }): Promise<Source> {
  const { numClasses, cache, http, onProgress } = options;
  const shards = await shardsOf(place, http);
  const first = shards.files[0]?.name ?? '';
  const classNames =
    options.classNames ?? (numClasses === 0 ? undefined : await classNamesBeside(first, http));
  const counts = usableCounts(shards, (numClasses ?? classNames) !== undefined);
  return openWebDataset(shards.files, {
    ...commonOptions(options),
    gunzip: gunzipWithZlib,
    ...(isRemote(first) && { concurrency: 4 }),
    ...(classNames && { classNames }),
    ...(counts && { counts }),
    ...(cache !== null && { indexes: indexCache(cache) }),
    ...(onProgress && { onProgress }),
  });
}

/** WebDataset shards: a tar file, a folder of them, a pattern, or an index as wids writes it. */
export const webDatasetFormat: Format = {
  format: 'webdataset',
  description:
    'WebDataset shards (.tar, .tar.gz, a folder of them, a pattern as in train-{00000..00009}.tar, or an index .json)',
  async recognises(place) {
    if (place.kind === 'folder') return (await shardsOfFolder(place.location)).length > 0;
    const isTar = new TextDecoder().decode(place.start.subarray(257, 262)) === 'ustar';
    return (
      isTar || allNamed(place, isShardName) || (place.files.length === 1 && allNamed(place, isIndexName))
    );
  },
  open,
};
