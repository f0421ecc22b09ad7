/** How a request is answered. */
export type Strategy =
  /** From the network, and only without one from the cache: what may change under the same name. */
  | 'network-first'
  /** From the cache, and else from the network, which then fills the cache: what never changes in a version. */
  | 'cache-first'
  /** Not ours. */
  | 'pass';

/** What of a request decides how it is answered. */
export interface RequestFacts {
  readonly url: string;
  readonly method: string;
  /** `navigate` for a page. */
  readonly mode: string;
  /** Whether it asks for a part of a file. */
  readonly isPartial: boolean;
}

/**
 * How a request is answered.
 *
 * @param scope Address of the folder that the page lies in.
 */
export function strategyFor({ url, method, mode, isPartial }: RequestFacts, scope: string): Strategy {
  if (method !== 'GET' || isPartial || !url.startsWith(scope)) return 'pass';
  if (mode === 'navigate') return 'network-first';
  const path = url.slice(scope.length).split(/[?#]/, 1)[0] ?? '';
  const isFixed = path.startsWith('assets/') || path.endsWith('.safetensors');
  return isFixed ? 'cache-first' : 'network-first';
}

/** Headers that isolate a page from other origins, which shared memory needs; many static hosts cannot send them. */
export const isolationHeaders: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** The same answer with the headers that isolate. An answer that cannot be read stays as it is. */
export function isolated(response: Response): Response {
  if (response.status === 0 || response.type === 'opaqueredirect') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolationHeaders)) headers.set(name, value);
  const { status, statusText } = response;
  const hasNoBody = status === 204 || status === 205 || status === 304;
  return new Response(hasNoBody ? null : response.body, { status, statusText, headers });
}
