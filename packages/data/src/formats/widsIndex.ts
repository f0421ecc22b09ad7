import { plainName } from '../io/names';

/** A shard as an index lists it. */
export interface ListedShard {
  /** Address or path, relative to the index. */
  readonly url: string;
  /** Samples in it. */
  readonly count: number;
}

/** Names under which an index may lie beside its shards. */
export const INDEX_FILES = ['index.json', 'wids.json', 'shardindex.json'] as const;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shardOf(entry: unknown): ListedShard | null {
  if (!isRecord(entry)) return null;
  const { url, nsamples: count } = entry;
  const good = typeof url === 'string' && url !== '' && Number.isSafeInteger(count) && (count as number) >= 0;
  return good ? { url, count: count as number } : null;
}

/**
 * Shards of an index as `wids` writes it: `{"shardlist": [{"url": "a.tar", "nsamples": 1000}, ...]}`.
 *
 * @returns null if the text is something else.
 * @see https://github.com/webdataset/webdataset, wids
 */
export function parseWidsIndex(text: string): ListedShard[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const list = isRecord(value) ? value['shardlist'] : undefined;
  if (!Array.isArray(list) || list.length === 0) return null;
  const shards = list.map(shardOf);
  return shards.every((shard) => shard !== null) ? shards : null;
}

/** The last part of a path or address. */
const baseName = (path: string) => plainName(path).replace(/^.*[/\\]/, '');

/** Samples of each file by its name in the index; null if one of them is not listed. */
export function countsOf(index: readonly ListedShard[], names: readonly string[]): number[] | null {
  const counts = new Map(index.map(({ url, count }) => [baseName(url), count]));
  const found = names.map((name) => counts.get(baseName(name)));
  return found.every((count) => count !== undefined) ? found : null;
}
