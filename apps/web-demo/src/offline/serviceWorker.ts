import { isolated, strategyFor } from './strategy';

// The service worker: keeps what the page has used, so that it works without a network, and isolates the page on hosts
// that cannot send the headers. Each version of the page has a cache of its own.

// The few parts of a service worker's scope that are used here; TypeScript's library for it excludes that of the page.
interface WaitingEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface RequestEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: WaitingEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void;
  addEventListener(
    type: 'message',
    listener: (event: MessageEvent<PageMessage> & WaitingEvent) => void,
  ): void;
}

/** What the page tells the service worker. */
export type PageMessage =
  /** Addresses that it has used and wants to keep; the answer on the port is whether all of them are. */
  | { readonly type: 'keep'; readonly urls: readonly string[] }
  /** Take over from the version before. */
  | { readonly type: 'update' };

const scope = self as unknown as WorkerScope;
// Both are filled in by the build: see vite.config.ts.
const VERSION = '__MEANFLOW_VERSION__';
const FILES = '__MEANFLOW_FILES__';

const PREFIX = `meanflow ${scope.registration.scope} `;
const CACHE = PREFIX + VERSION;
const home = scope.registration.scope;

/** Whether an answer is worth keeping. */
function isKeepable({ ok, status, type }: Response): boolean {
  return ok && status === 200 && type === 'basic';
}

/** Keeps an answer; a full disk must not break the page. */
async function keep(request: RequestInfo, response: Response): Promise<boolean> {
  if (!isKeepable(response)) return false;
  try {
    await (await caches.open(CACHE)).put(request, response);
    return true;
  } catch {
    return false;
  }
}

async function cached(request: Request): Promise<Response | undefined> {
  const cache = await caches.open(CACHE);
  // Settings in the address do not make another page.
  return request.mode === 'navigate' ? cache.match(home) : cache.match(request, { ignoreSearch: true });
}

async function networkFirst(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    // Another version's page belongs to another cache, which that version fills.
    if (request.mode !== 'navigate') void keep(request, response.clone());
    return response;
  } catch (error) {
    const found = await cached(request);
    if (found === undefined) throw error;
    return found;
  }
}

async function cacheFirst(request: Request): Promise<Response> {
  const found = await cached(request);
  if (found !== undefined) return found;
  const response = await fetch(request);
  void keep(request, response.clone());
  return response;
}

/** Fetches and keeps what is not kept yet. */
async function keepAll(urls: readonly string[]): Promise<boolean> {
  const cache = await caches.open(CACHE);
  const kept = urls
    .filter((url) => url.startsWith(home))
    .map(async (url) => {
      if ((await cache.match(url, { ignoreSearch: true })) !== undefined) return true;
      return keep(url, await fetch(url));
    });
  const results = await Promise.allSettled(kept);
  return results.every((result) => result.status === 'fulfilled' && result.value);
}

scope.addEventListener('install', (event) => {
  const files = FILES.split('\n').map((path) => new URL(path, home).href);
  event.waitUntil(keepAll(files));
});

scope.addEventListener('activate', (event) => {
  const clean = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await scope.clients.claim();
  };
  event.waitUntil(clean());
});

scope.addEventListener('message', (event) => {
  if (event.data.type === 'update') {
    event.waitUntil(scope.skipWaiting());
    return;
  }
  const [port] = event.ports;
  event.waitUntil(
    keepAll(event.data.urls).then((isAll) => {
      port?.postMessage(isAll);
    }),
  );
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { url, method, mode } = request;
  const strategy = strategyFor({ url, method, mode, isPartial: request.headers.has('range') }, home);
  if (strategy === 'pass') return;
  event.respondWith(
    (strategy === 'cache-first' ? cacheFirst(request) : networkFirst(request)).then(isolated),
  );
});
