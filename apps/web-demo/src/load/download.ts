/** How far a download is. */
export interface DownloadProgress {
  readonly received: number;
  /** Null where the server does not say. */
  readonly total: number | null;
}

/** Options of {@link download}. */
export interface DownloadOptions {
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal;
  /** Largest file that is taken. Default {@link MAX_BYTES}. */
  readonly maxBytes?: number;
  /** For tests. Default the browser's. */
  readonly fetch?: typeof fetch;
}

/** Largest file that the page takes: several copies of its numbers have to fit into memory. */
export const MAX_BYTES = 2 ** 30;

/** `1.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

function tooLarge(url: string, bytes: number, most: number): Error {
  return new Error(`A model must have at most ${sizeText(most)} here, and ${url} has ${sizeText(bytes)}.`);
}

/** What a status means for somebody who has typed an address. */
function statusText(status: number): string {
  if (status === 401 || status === 403) return `${status}: it is not public`;
  if (status === 404) return '404: there is no such file';
  return String(status);
}

async function request(url: string, { signal, fetch: get = fetch }: DownloadOptions): Promise<Response> {
  let response: Response;
  try {
    response = await get(url, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Error(
      `${url} cannot be reached. Either there is no network, or its server does not let other pages read it (CORS).`,
      { cause: error },
    );
  }
  if (!response.ok)
    throw new Error(`${url} must be readable, but its server answers ${statusText(response.status)}.`);
  return response;
}

/** The length that the server promises for the bytes as they arrive here; null where it does not. */
function promisedLength({ headers }: Response): number | null {
  const encoding = headers.get('content-encoding');
  const length = Number(headers.get('content-length') ?? NaN);
  return (encoding === null || encoding === 'identity') && Number.isSafeInteger(length) ? length : null;
}

/**
 * Downloads a file.
 *
 * @throws Error with a sentence for the visitor: no network or no CORS, a refusal of the server, too large, cut short.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { onProgress, maxBytes = MAX_BYTES } = options;
  const response = await request(url, options);
  const total = promisedLength(response);
  if (total !== null && total > maxBytes) throw tooLarge(url, total, maxBytes);
  const parts: Uint8Array[] = [];
  let received = 0;
  try {
    for await (const part of (response.body ?? new Blob().stream()) as ReadableStream<Uint8Array>) {
      parts.push(part);
      received += part.length;
      if (received > maxBytes) throw tooLarge(url, received, maxBytes);
      onProgress?.({ received, total });
    }
  } catch (error) {
    if (options.signal?.aborted === true || (error instanceof Error && error.message.startsWith('A model')))
      throw error;
    throw cutShort(url, received, total, error);
  }
  if (total !== null && received < total) throw cutShort(url, received, total);
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function cutShort(url: string, received: number, total: number | null, cause?: unknown): Error {
  const of = total === null ? '' : ` of ${sizeText(total)}`;
  return new Error(`${url} ended after ${sizeText(received)}${of}. Is there a network?`, { cause });
}
