import { expandBraces } from '../io/bracePattern';
import { httpFile } from '../io/httpFile';
import type { HttpOptions } from '../io/httpFile';
import type { StoredFile } from '../io/storedFile';
import { hubFiles, isHubLocation } from './hubFiles';
import { localFile } from './localFile';
import { localPaths } from './webDatasetShards';

const isAddress = (location: string) => /^https?:\/\//i.test(location);

/** Whether a location is on a server. */
export const isRemote = (location: string): boolean => isAddress(location) || isHubLocation(location);

const DATA_FILE = /\.(tar|tar\.gz|tgz|zip|npz|npy|safetensors)$/i;

/** Files that a path or pattern stands for, on a disk, a server or the hub. Only folders of the hub are looked into. */
export async function filesAt(location: string, http: HttpOptions = {}): Promise<StoredFile[]> {
  if (isHubLocation(location)) return hubFiles(location, (name) => DATA_FILE.test(name), http);
  if (isAddress(location)) return expandBraces(location).map((url) => httpFile(url, http));
  return (await localPaths(location)).map(localFile);
}

/** `other` beside `location`, as a path or address; `other` itself if it is absolute. */
export function beside(location: string, other: string): string {
  if (isRemote(other) || other.startsWith('/')) return other;
  const [path = '', end = ''] = location.startsWith('hf:')
    ? location.split(/(@[^@/]*$)/)
    : location.split(/([?#].*$)/);
  const slash = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return `${path.slice(0, slash + 1)}${other}${end}`;
}

/** A file's text; null if it is not there or longer than `maxBytes`. */
export async function textOf(file: StoredFile, maxBytes = 2 ** 26): Promise<string | null> {
  try {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of file.stream(0)) {
      pieces.push(piece);
      length += piece.length;
      if (length > maxBytes) return null;
    }
    return Buffer.concat(pieces).toString('utf8');
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
