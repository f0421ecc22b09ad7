import { reasonOf } from './storedFile';
import type { FileState, StoredFile } from './storedFile';

/** Options of {@link httpFile}. */
export interface HttpOptions {
  /** Name for messages. Default the address without its query. */
  name?: string;
  /** Sent with every request, such as `authorization`. */
  headers?: Readonly<Record<string, string>>;
  /** Requests in a row that may fail without a byte between them. Default 5. */
  attempts?: number;
  /** Pause after the first failure, in milliseconds; it doubles with each up to 30 s. Default 500. */
  retryDelayMs?: number;
  /** A connection on which nothing arrives for so long is given up, in milliseconds. Default 30000. */
  stallTimeoutMs?: number;
  /** Default the platform's. */
  fetch?: typeof fetch;
}

const LONGEST_PAUSE = 30_000;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failure that another request cannot mend. */
class FinalError extends Error {}

/** A failure with the pause that the server asked for. */
class BusyError extends Error {
  constructor(
    message: string,
    readonly pauseMs: number,
  ) {
    super(message);
  }
}

/** What the answers have told of the file. */
interface Known extends FileState {
  readonly ranges: boolean;
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}

/** Runs `wait` and gives up after a time without an answer. */
async function within<T>(milliseconds: number, stop: AbortController, wait: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => {
    stop.abort(new Error(`something must arrive within ${milliseconds / 1000} s, got nothing`));
  }, milliseconds);
  try {
    return await wait();
  } finally {
    clearTimeout(timer);
  }
}

function numberIn(text: string | null, pattern: RegExp): number | null {
  const digits = pattern.exec(text ?? '')?.[1];
  return digits === undefined ? null : Number(digits);
}

/** What an answer tells of the whole file. */
function knownOf(response: Response): Known {
  const { headers } = response;
  const partial = response.status === 206 || response.status === 416;
  const encoded = (headers.get('content-encoding') ?? 'identity') !== 'identity'; // then lengths are of something else
  const size = partial
    ? numberIn(headers.get('content-range'), /\/(\d+)$/)
    : numberIn(headers.get('content-length'), /^(\d+)$/);
  const version = headers.get('etag') ?? headers.get('last-modified');
  return { size: encoded ? null : size, version, ranges: partial && !encoded };
}

function pauseAskedFor(response: Response): number {
  const seconds = numberIn(response.headers.get('retry-after'), /^(\d+)$/) ?? 0;
  return Math.min(1000 * seconds, 2 * LONGEST_PAUSE);
}

class HttpFile implements StoredFile {
  readonly name: string;
  readonly seeksCheaply = false;
  readonly #url: string;
  readonly #options: HttpOptions;
  #known: Known | null = null;

  constructor(url: string, options: HttpOptions) {
    this.#url = url;
    this.#options = options;
    this.name = options.name ?? url.replace(/[?#].*$/, '');
  }

  async stat(signal?: AbortSignal): Promise<FileState> {
    if (this.#known === null) {
      await this.#retrying(signal, async () => {
        const stop = new AbortController();
        await this.#request(0, 1, stop, signal);
        stop.abort();
      }).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw new Error(
          `data: ${this.name} must be a file on a server, got: ${reasonOf(cause)}. Likely fix: check the address.`,
          { cause },
        );
      });
    }
    const { size = null, version = null } = this.#known ?? {};
    return { size, version };
  }

  stream(offset: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#pieces(offset, null, signal);
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    for await (const piece of this.#pieces(offset, offset + length, signal)) {
      const part = piece.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.length;
    }
    if (filled < length) {
      throw new Error(`the file must have ${offset + length} bytes, got ${offset + filled}`);
    }
    return bytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Bytes from `offset` up to `end`, or to the end of the file; a connection that breaks is taken up where it broke. */
  async *#pieces(offset: number, end: number | null, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let position = offset;
    let failures = 0;
    while (end === null || position < end) {
      const stop = new AbortController();
      try {
        const { response, start } = await this.#request(position, end, stop, signal);
        let at = start;
        for await (const piece of this.#body(response, stop)) {
          const wanted = piece.subarray(Math.max(position - at, 0), end === null ? undefined : end - at);
          at += piece.length;
          if (wanted.length === 0) continue;
          position += wanted.length;
          failures = 0;
          yield wanted;
          if (end !== null && position >= end) return;
        }
        const size = this.#known?.size ?? null;
        if (size === null || position >= size) return;
        throw new Error(`the server must send ${size} bytes, got ${position}`);
      } catch (error) {
        failures++;
        await this.#afterFailure(error, failures, signal);
      } finally {
        stop.abort(); // frees the connection; nothing happens if it has ended
      }
    }
  }

  /** Throws what cannot be mended, else waits as long as it is the custom. */
  async #afterFailure(error: unknown, failures: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { attempts = 5, retryDelayMs = 500 } = this.#options;
    if (error instanceof FinalError) throw error;
    if (failures >= attempts) throw new Error(`${reasonOf(error)} (${failures} times)`, { cause: undefined });
    const asked = error instanceof BusyError ? error.pauseMs : 0;
    await pause(Math.max(asked, Math.min(retryDelayMs * 2 ** (failures - 1), LONGEST_PAUSE)), signal);
    signal?.throwIfAborted();
  }

  async #retrying<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await work();
      } catch (error) {
        await this.#afterFailure(error, failures, signal);
      }
    }
  }

  /** Asks for bytes from `offset` on. The answer begins at `start`: 0 where the server ignores ranges. */
  async #request(
    offset: number,
    end: number | null,
    stop: AbortController,
    signal?: AbortSignal,
  ): Promise<{ response: Response; start: number }> {
    signal?.throwIfAborted();
    const { headers, stallTimeoutMs = 30_000, fetch: get = fetch } = this.#options;
    const range = `bytes=${offset}-${end === null ? '' : end - 1}`;
    const forward = () => {
      stop.abort(signal?.reason);
    };
    signal?.addEventListener('abort', forward, { once: true });
    stop.signal.addEventListener('abort', () => signal?.removeEventListener('abort', forward));
    const response = await within(stallTimeoutMs, stop, () =>
      get(this.#url, { headers: { ...headers, range }, signal: stop.signal }),
    );
    if (response.status === 416) {
      this.#learn(knownOf(response));
      return { response: new Response(null), start: offset }; // nothing lies there: an empty file
    }
    if (!response.ok) {
      const message = `the server must send the file, got HTTP ${response.status}`;
      throw PASSING.has(response.status)
        ? new BusyError(message, pauseAskedFor(response))
        : new FinalError(message);
    }
    this.#learn(knownOf(response));
    if (response.status !== 206) return { response, start: 0 };
    const start = numberIn(response.headers.get('content-range'), /^bytes (\d+)-/);
    if (start !== null && start !== offset) {
      throw new FinalError(`the server must send the bytes from ${offset} on, got those from ${start}`);
    }
    return { response, start: offset };
  }

  /** Takes note of what an answer tells; another version of the file than before is an error. */
  #learn(told: Known): void {
    const before = this.#known;
    const changed = (a: unknown, b: unknown) => a !== null && b !== null && a !== b;
    if (before !== null && (changed(before.version, told.version) || changed(before.size, told.size))) {
      throw new FinalError(
        'the file must stay the same while it is read, got another version from the server',
      );
    }
    this.#known ??= told;
  }

  async *#body(response: Response, stop: AbortController): AsyncGenerator<Uint8Array> {
    const { stallTimeoutMs = 30_000 } = this.#options;
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    for (;;) {
      const part = await within(stallTimeoutMs, stop, () => reader.read());
      if (part.done) return;
      yield part.value;
    }
  }
}

/**
 * A file on a server, over HTTP or HTTPS.
 *
 * A request that fails or stalls is repeated after a pause, from the byte that was reached; a server that ignores
 * ranges sends the bytes before it once more. A file that changes meanwhile (by its ETag, date or size) is an error.
 * Nothing arrives faster than it is taken.
 */
export function httpFile(url: string, options: HttpOptions = {}): StoredFile {
  return new HttpFile(url, options);
}
