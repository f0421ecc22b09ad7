import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How far a download is. */
export interface DownloadProgress {
  /** Name of the file. */
  file: string;
  /** Where it comes from. */
  url: string;
  receivedBytes: number;
  /** Size that the server declared; null if it did not. */
  totalBytes: number | null;
}

/** Options of every download. */
export interface DownloadOptions {
  /** Rounds over all mirrors before giving up, at least 1. Default 2. */
  attempts?: number;
  /** Pause between rounds, in milliseconds. Default 1000. */
  retryDelayMs?: number;
  /** A connection on which nothing arrives for so long is given up, in milliseconds. Default 30000. */
  stallTimeoutMs?: number;
  /** Called with every piece that arrives. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What to fetch, and how to know that it is right. */
export interface DownloadRequest<T> {
  /** Name of the file, the last part of its address. */
  file: string;
  /** Folders that hold it, each an address; tried in order. */
  mirrors: readonly string[];
  /** Most bytes to accept. */
  maxBytes: number;
  /** Turns the bytes into the result; throws if they are not the wanted file. */
  accept: (bytes: Uint8Array) => T;
}

/** The reason that is worth reading: fetch hides it in the cause of `fetch failed`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) {
    return 'code' in error.cause ? String(error.cause.code) : reasonOf(error.cause);
  }
  return error.message;
}

async function readBody(
  response: Response,
  maxBytes: number,
  onBytes: (received: number) => void,
): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const pieces: Uint8Array[] = [];
  let received = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    pieces.push(part.value);
    received += part.value.length;
    if (received > maxBytes) {
      await reader?.cancel();
      throw new Error(`more than the expected ${maxBytes} bytes`);
    }
    onBytes(received);
  }
  return Buffer.concat(pieces);
}

/** Fetches one address; a timer that every piece winds up again gives up a connection that stalls. */
async function fetchOnce<T>(url: string, request: DownloadRequest<T>, options: DownloadOptions): Promise<T> {
  const { stallTimeoutMs = 30_000, onProgress, signal } = options;
  const stall = new AbortController();
  const timer = setTimeout(() => {
    stall.abort(new Error(`nothing arrived for ${stallTimeoutMs / 1000} s`));
  }, stallTimeoutMs);
  try {
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, stall.signal]) : stall.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`HTTP ${response.status}`);
    }
    const declared = response.headers.get('content-length');
    const encoded = response.headers.has('content-encoding'); // then the length is not that of what arrives here
    const totalBytes = declared === null || encoded ? null : Number(declared);
    const bytes = await readBody(response, request.maxBytes, (receivedBytes) => {
      timer.refresh();
      onProgress?.({ file: request.file, url, receivedBytes, totalBytes });
    });
    return request.accept(bytes);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fetches a file from the first mirror that delivers it whole and unchanged.
 *
 * @returns What `request.accept` made of the bytes.
 * @throws Error whose message lists every mirror with its latest failure, without a full stop at the end: the caller
 *   adds what to do. The signal's reason if it aborts.
 */
export async function fetchFromMirrors<T>(
  request: DownloadRequest<T>,
  options: DownloadOptions = {},
): Promise<T> {
  const { attempts = 2, retryDelayMs = 1000, signal } = options;
  if (!(attempts >= 1) || request.mirrors.length === 0) {
    throw new RangeError(
      `at least one attempt and one mirror must be given, not ${attempts} and ${request.mirrors.length}`,
    );
  }
  const failures = new Map<string, string>();
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await sleep(retryDelayMs, undefined, signal && { signal });
    for (const mirror of request.mirrors) {
      try {
        return await fetchOnce(`${mirror.replace(/\/$/, '')}/${request.file}`, request, options);
      } catch (error) {
        signal?.throwIfAborted();
        failures.set(mirror, reasonOf(error));
      }
    }
  }
  throw new Error([...failures].map(([mirror, reason]) => `${mirror}: ${reason}`).join('; '));
}

/**
 * Writes a file so that it is there whole or not at all, also when the process is killed: to a temporary name in the
 * same folder, flushed, then renamed. Makes the folder.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.partial`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
