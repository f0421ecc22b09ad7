import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expandBraces } from '../io/bracePattern';

const SHARD = /\.(tar|tar\.gz|tgz)$/i;

/** Whether a name is that of a tar archive, plain or gzip. */
export const isShardName = (name: string): boolean => SHARD.test(name);

/** `*` and `?` of the last part of a path. */
async function matching(pattern: string): Promise<string[]> {
  const name = basename(pattern);
  if (!/[*?]/.test(name)) return [pattern];
  const parts = name.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  const regex = new RegExp(`^${parts.join('')}$`, 's');
  const folder = dirname(pattern);
  const names = await readdir(folder).catch(() => []);
  const found = names.filter((entry) => regex.test(entry)).sort();
  if (found.length === 0) {
    throw new Error(`data: ${pattern} must match at least one file, got none. Likely fix: check the path.`);
  }
  return found.map((entry) => join(folder, entry));
}

/** Paths that a pattern with braces, `*` and `?` stands for, in its order. */
export async function localPaths(pattern: string): Promise<string[]> {
  const found = await Promise.all(expandBraces(pattern).map(matching));
  return found.flat();
}

/** Paths of the shards in a folder, sorted by name. */
export async function shardsOfFolder(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter(isShardName)
    .sort()
    .map((name) => join(folder, name));
}
