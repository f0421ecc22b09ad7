import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DamageLog, DamageOptions } from '../damage';
import type { ScanProgress } from '../formats/webDataset';
import { reasonOf } from '../io/storedFile';
import type { Source } from '../source';
import { webDatasetFormat } from './webDatasetFormat';
import { localPaths } from './webDatasetShards';

/** Options of {@link openSource}. */
export interface OpenSourceOptions {
  /** Name of the data set. Default the last part of its path. */
  name?: string;
  /** Number of classes, 0 to ignore labels. Default: as the data says. */
  numClasses?: number;
  /** One name a class. Default: as the data says, `classes.txt` beside shards. */
  classNames?: readonly string[];
  /** What to do about damage, or the log to report it to. Default the policy `fail`. */
  damage?: DamageOptions | DamageLog;
  /** Default: told by the path and by what lies there. */
  format?: SourceFormat;
  /** Folder for what was learnt by looking through shards; null to keep nothing. Default `shards` in `cacheFolder()`. */
  cache?: string | null;
  signal?: AbortSignal;
  /** Called as shards are looked through. */
  onProgress?: (progress: ScanProgress) => void;
}

/** What lies at a location. */
export interface Place {
  /** As it was given. */
  readonly location: string;
  /** A folder, or files by their paths: those that a pattern stands for may be missing. */
  readonly kind: 'folder' | 'files';
  /** Paths; empty for a folder. */
  readonly paths: readonly string[];
}

/** How a kind of stored data set is recognised and opened. */
export interface Format {
  readonly format: SourceFormat;
  /** What to write in a message. */
  readonly description: string;
  recognises(place: Place): boolean | Promise<boolean>;
  open(place: Place, options: OpenSourceOptions & { name: string }): Promise<Source>;
}

const formats = [webDatasetFormat] as const satisfies readonly Format[];

/** Formats that {@link openSource} knows. */
export type SourceFormat = 'webdataset';

async function placeOf(location: string): Promise<Place> {
  try {
    const found = await stat(location);
    return found.isDirectory()
      ? { location, kind: 'folder', paths: [] }
      : { location, kind: 'files', paths: [location] };
  } catch (cause) {
    if (/[{*?]/.test(location)) return { location, kind: 'files', paths: await localPaths(location) };
    throw new Error(
      `openSource: ${location} must be a readable file or folder, got ${reasonOf(cause)}. Likely fix: check the path.`,
      { cause },
    );
  }
}

/** `a/cifar10-train-{00..04}.tar.gz` -> `cifar10-train`. */
function nameOf({ location, kind }: Place): string {
  const last = basename(location);
  if (kind === 'folder') return last;
  const stem = last
    .replace(/[-_.]*[{*?].*$/, '')
    .replace(/\.(tar|tar\.gz|tgz|zip|npz|npy|gz|safetensors)$/i, '');
  return stem || basename(dirname(location));
}

/**
 * Opens a stored data set: a file, a folder, or a pattern of files. What it is, is told by its path and content.
 *
 * @param location Path or pattern with `{00..04}`, `{a,b}` and `*`.
 * @throws Error, one sentence, if nothing is there, it is not recognised, or it is damaged and the policy is `fail`.
 */
export async function openSource(location: string, options: OpenSourceOptions = {}): Promise<Source> {
  const place = await placeOf(location);
  const known: readonly Format[] = formats;
  let format = known.find((candidate) => candidate.format === options.format);
  for (const candidate of known) {
    if (format === undefined && (await candidate.recognises(place))) format = candidate;
  }
  if (format === undefined) {
    const list = known.map(({ description }) => description).join(', ');
    throw new Error(
      `openSource: ${location} must be one of: ${list}; it looks like none. Likely fix: check the path, or say the format.`,
    );
  }
  return format.open(place, { ...options, name: options.name ?? nameOf(place) });
}
