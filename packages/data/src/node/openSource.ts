import { open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { reasonOf } from '../io/storedFile';
import type { Source } from '../source';
import type { OpenSourceOptions, Place } from './format';
import { formats } from './formats';
import { localFile } from './localFile';
import { localPaths } from './webDatasetShards';

const START_BYTES = 512;

async function startOf(path: string | undefined): Promise<Uint8Array> {
  const handle = path === undefined ? null : await open(path).catch(() => null);
  if (handle === null) return new Uint8Array();
  try {
    const start = new Uint8Array(START_BYTES);
    const { bytesRead } = await handle.read(start, 0, START_BYTES, 0);
    return start.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function placeOf(location: string): Promise<Place> {
  try {
    const found = await stat(location);
    return found.isDirectory()
      ? { location, kind: 'folder', files: [], start: new Uint8Array() }
      : { location, kind: 'files', files: [localFile(location)], start: await startOf(location) };
  } catch (cause) {
    if (/[{*?]/.test(location)) {
      const paths = await localPaths(location);
      return { location, kind: 'files', files: paths.map(localFile), start: await startOf(paths[0]) };
    }
    throw new Error(
      `openSource: ${location} must be a readable file or folder, got ${reasonOf(cause)}. Likely fix: check the path.`,
      { cause },
    );
  }
}

/** `a/cifar10-train-{00..04}.tar.gz` -> `cifar10-train`. */
function nameOf({ location, kind }: Place): string {
  const last = basename(resolve(location));
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
  let format = formats.find((candidate) => candidate.format === options.format);
  if (options.format === undefined) {
    for (const candidate of formats) {
      if (format === undefined && (await candidate.recognises(place))) format = candidate;
    }
  }
  if (format === undefined) {
    const list = formats.map(({ description }) => description).join(', ');
    throw new Error(
      `openSource: ${location} must be one of: ${list}; it looks like none. Likely fix: check the path, or say the format.`,
    );
  }
  return format.open(place, { ...options, name: options.name ?? nameOf(place) });
}
