import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, fetchFromMirrors, writeAtomically } from '@meanflow/data/node';
import type { DownloadOptions } from '@meanflow/data/node';
import { publicInception } from '../networks/inception/inceptionFile';
import { smallNetworkNames } from '../networks/smallNetworks';

/** Where the weights of the Inception network come from. */
export interface InceptionWeightsOptions extends DownloadOptions {
  /** File with the weights, `.pth` or `.safetensors`. Default the variable MEANFLOW_INCEPTION, else the cache. */
  weights?: string;
  /** Folder where the weights are kept. Default `inception` in the cache folder (see `cacheFolder` of @meanflow/data). */
  cacheDir?: string;
  /** Whether to fetch the weights that the cache lacks. Default true. */
  download?: boolean;
  /** Addresses of folders that hold the public file. Default that of pytorch-fid's release. */
  mirrors?: readonly string[];
}

/** A file that is known by its hash. */
type KnownFile = Readonly<Record<'file' | 'sha256' | 'folder', string>> & { readonly bytes: number };

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The bytes if they are the file. */
function verified(bytes: Uint8Array, { sha256 }: KnownFile): Uint8Array {
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (hash !== sha256) throw new Error(`its SHA-256 is ${hash} instead of ${sha256}`);
  return bytes;
}

function unavailable(problem: string, cause?: unknown): Error {
  return new Error(
    `loadFeatureNetwork: the Inception weights must be in a file or downloadable, got ${problem}. Likely fix: get ${publicInception.folder}/${publicInception.file} by other means and name it with MEANFLOW_INCEPTION or the option weights, or evaluate with a network that needs no download: ${smallNetworkNames.join(', ')}.`,
    { cause },
  );
}

/** The public file from the cache, else from a mirror into the cache. */
async function fromCache(options: InceptionWeightsOptions, known: KnownFile): Promise<Uint8Array> {
  const { cacheDir = join(cacheFolder(), 'inception'), download = true, signal } = options;
  const path = join(cacheDir, known.file);
  if (existsSync(path)) {
    const bytes = await readFile(path);
    try {
      return verified(bytes, known);
    } catch (cause) {
      if (!download) throw unavailable(`a damaged file ${path}: ${messageOf(cause)}`, cause);
    }
  }
  if (!download) throw unavailable(`no file ${path}, and downloads are off`);
  const { mirrors = [known.folder] } = options;
  const accept = (bytes: Uint8Array) => verified(bytes, known);
  const request = { file: known.file, mirrors, maxBytes: known.bytes, accept };
  let bytes: Uint8Array;
  try {
    bytes = await fetchFromMirrors(request, options);
  } catch (cause) {
    signal?.throwIfAborted();
    throw unavailable(messageOf(cause), cause);
  }
  try {
    await writeAtomically(path, bytes);
  } catch (cause) {
    throw new Error(
      `loadFeatureNetwork: the cache folder must be writable, got ${messageOf(cause)}. Likely fix: set cacheDir or XDG_CACHE_HOME to a folder of yours.`,
      { cause },
    );
  }
  return bytes;
}

/**
 * The bytes of the weights file of the Inception network: of a given file, else from the cache, else fetched into it.
 *
 * @param known The file that the cache holds and mirrors have; another one for tests.
 * @throws Error, one sentence that says what else can be done, if there is no way to get it.
 */
export async function inceptionWeights(
  options: InceptionWeightsOptions = {},
  known: KnownFile = publicInception,
): Promise<Uint8Array> {
  const fromEnvironment = process.env['MEANFLOW_INCEPTION'];
  const file = options.weights ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  if (file === undefined) return fromCache(options, known);
  try {
    return await readFile(file);
  } catch (cause) {
    throw unavailable(messageOf(cause), cause);
  }
}
