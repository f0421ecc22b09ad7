import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IndexStore } from '../formats/shardIndex';
import { cacheFolder } from './cacheFolder';
import { writeAtomically } from './download';

/** Indexes of shards in a folder, one small file each. Default `shards` in {@link cacheFolder}. */
export function indexCache(folder: string = join(cacheFolder(), 'shards')): IndexStore {
  const pathOf = (key: string) => join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  return {
    load: (key) => readFile(pathOf(key), 'utf8').catch(() => null),
    // An index can be made again: a full or read-only disk is no reason to stop.
    save: (key, text) => writeAtomically(pathOf(key), new TextEncoder().encode(text)).catch(() => undefined),
  };
}
