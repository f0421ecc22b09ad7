import { expandBraces } from '../io/bracePattern';
import { httpFile } from '../io/httpFile';
import type { HttpOptions } from '../io/httpFile';
import { reasonOf } from '../io/storedFile';
import type { StoredFile } from '../io/storedFile';

/** A place on the Hugging Face hub. */
interface HubPlace {
  readonly type: 'dataset' | 'model';
  readonly name: string;
  readonly path: string;
  readonly revision: string;
}

/** Options of {@link hubFiles}. */
export interface HubOptions extends HttpOptions {
  /** Default `HF_TOKEN`. */
  accessToken?: string | undefined;
  /** Default `HF_ENDPOINT`, or https://huggingface.co. */
  hubUrl?: string | undefined;
}

const SCHEME = 'hf://';

/** Whether a location is on the hub. */
export const isHubLocation = (location: string): boolean => location.startsWith(SCHEME);

/** `hf://datasets/owner/name/path@revision`, or with the revision behind the name. */
function parse(location: string): HubPlace {
  const match =
    /^hf:\/\/(datasets\/)?((?!datasets\/)[^/@]+\/[^/@]+)(?:@([^/]+))?(?:\/([^@]*))?(?:@(.+))?$/.exec(
      location,
    );
  const [, type, name, early, path = '', late] = match ?? [];
  if (name === undefined) {
    throw new Error(
      `openSource: ${location} must be an address on the hub, as hf://datasets/owner/name/path@revision. Likely fix: check its parts.`,
    );
  }
  const revision = early ?? late ?? 'main';
  return { type: type === 'datasets/' ? 'dataset' : 'model', name, path: path.replace(/\/$/, ''), revision };
}

function endpoint({ hubUrl = process.env['HF_ENDPOINT'] }: HubOptions): string {
  return (hubUrl === undefined || hubUrl === '' ? 'https://huggingface.co' : hubUrl).replace(/\/$/, '');
}

function tokenOf({ accessToken = process.env['HF_TOKEN'] }: HubOptions): string | undefined {
  return accessToken === '' ? undefined : accessToken;
}

function fileAt({ type, name, revision }: HubPlace, path: string, options: HubOptions): StoredFile {
  const token = tokenOf(options);
  const prefix = type === 'dataset' ? 'datasets/' : '';
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const url = `${endpoint(options)}/${prefix}${name}/resolve/${encodeURIComponent(revision)}/${encoded}`;
  return httpFile(url, {
    ...options,
    name: `${SCHEME}${prefix}${name}/${path}${revision === 'main' ? '' : `@${revision}`}`,
    headers: { ...options.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });
}

async function list(place: HubPlace, folder: string, options: HubOptions): Promise<string[]> {
  const { listFiles } = await import('@huggingface/hub');
  const token = tokenOf(options);
  const paths: string[] = [];
  try {
    for await (const { type, path } of listFiles({
      repo: { type: place.type, name: place.name },
      revision: place.revision,
      hubUrl: endpoint(options),
      ...(folder !== '' && { path: folder }),
      ...(token !== undefined && { accessToken: token }),
      ...(options.fetch && { fetch: options.fetch }),
    })) {
      if (type === 'file') paths.push(path);
    }
  } catch (cause) {
    throw new Error(
      `openSource: ${place.type} ${place.name} must be on the hub, got: ${reasonOf(cause)}. Likely fix: check its name and revision, or set HF_TOKEN if it is private.`,
      { cause },
    );
  }
  return paths.sort();
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`, 's');
}

/**
 * Files of a data set on the Hugging Face hub: one path, a pattern with braces and `*`, or all of a folder that `isWanted`
 * takes.
 *
 * @param location As `hf://datasets/owner/name/train-{000..009}.tar@revision`.
 * @param isWanted Files to take of a folder.
 */
export async function hubFiles(
  location: string,
  isWanted: (name: string) => boolean,
  options: HubOptions = {},
): Promise<StoredFile[]> {
  const place = parse(location);
  const found: string[] = [];
  for (const path of expandBraces(place.path)) {
    if (/[*?]/.test(path)) {
      const pattern = wildcard(path);
      const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
      found.push(...(await list(place, folder, options)).filter((name) => pattern.test(name)));
    } else if (/\.\w+$/.test(path)) found.push(path);
    else found.push(...(await list(place, path, options)).filter(isWanted));
  }
  if (found.length === 0) {
    throw new Error(`openSource: ${location} must have files to open, got none. Likely fix: check the path.`);
  }
  return found.map((path) => fileAt(place, path, options));
}
