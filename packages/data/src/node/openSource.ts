import { open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { plainName } from '../io/names';
import { reasonOf } from '../io/storedFile';
import type { Source } from '../source';
import { filesAt, isRemote } from './filesAt';
import type { OpenSourceOptions, Place } from './format';
import { formats } from './formats';

const START_BYTES = 512;

/** First bytes of a file on a disk. What lies on a server is told by its name. */
async function startOf(path: string): Promise<Uint8Array> {
  const handle = isRemote(path) ? null : await open(path).catch(() => null);
  if (handle === null) return new Uint8Array();
  try {
    const start = new Uint8Array(START_BYTES);
    const { bytesRead } = await handle.read(start, 0, START_BYTES, 0);
    return start.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function isFolder(location: string): Promise<boolean> {
  if (isRemote(location)) return false;
  const found = await stat(location).catch((cause: unknown) => {
    if (/[{*?]/.test(location)) return null;
    throw new Error(
      `openSource: ${location} must be a readable file or folder, got ${reasonOf(cause)}. Likely fix: check the path.`,
      { cause },
    );
  });
  return found?.isDirectory() ?? false;
}

async function placeOf(location: string, { http }: OpenSourceOptions): Promise<Place> {
  if (await isFolder(location)) return { location, kind: 'folder', files: [], start: new Uint8Array() };
  const files = await filesAt(location, http);
  return { location, kind: 'files', files, start: await startOf(files[0]?.name ?? '') };
}

/** `a/cifar10-train-{00..04}.tar.gz` -> `cifar10-train`. */
function nameOf({ location, kind }: Place): string {
  const last = basename(isRemote(location) ? plainName(location) : resolve(location));
  if (kind === 'folder') return last;
  const stem = last
    .replace(/[-_.]*[{*?].*$/, '')
    .replace(/\.(tar|tar\.gz|tgz|zip|npz|npy|gz|json|safetensors)$/i, '');
  return stem || basename(dirname(location));
}

/**
 * Opens a stored data set: a file, a folder, or a pattern of files, here, on a server (`https://`) or on the Hugging
 * Face hub (`hf://datasets/owner/name/path@revision`, private ones by `HF_TOKEN`). What it is, is told by its path and
 * content.
 *
 * @param location Path, address, or pattern with `{00..04}`, `{a,b}` and, but for servers, `*`.
 * @throws Error, one sentence, if nothing is there, it is not recognised, or it is damaged and the policy is `fail`.
 */
export async function openSource(location: string, options: OpenSourceOptions = {}): Promise<Source> {
  const place = await placeOf(location, options);
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
