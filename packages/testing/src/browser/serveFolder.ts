import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { extname, resolve, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** What a page needs for threads in WebAssembly: SharedArrayBuffer, which only an isolated page has. */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Settings of a server. */
export interface ServeOptions {
  /** Headers of every answer, beside its type. */
  headers?: Readonly<Record<string, string>>;
  /** Path that the folder lies under, as `/some/path/`. Default `/`. Whatever is elsewhere is not found. */
  prefix?: string;
  /** Whether pages are cross-origin isolated. Default false. */
  isolated?: boolean;
  /** Files by path below the prefix, from memory; they come before those of the folder. */
  files?: ReadonlyMap<string, string | Uint8Array>;
  /** More folders by path below the prefix, as `wasm/`. */
  mounts?: Readonly<Record<string, string>>;
  /** Port. Default 0: a free one. */
  port?: number;
}

/** A server that runs. */
export interface Server {
  /** Address of the folder, with the prefix and a slash at its end. */
  readonly url: string;
  /** Paths that were asked for and not found. */
  readonly missing: readonly string[];
  /** As if the network were down: open connections end, new ones are refused, until `online`. */
  offline(): Promise<void>;
  /** Serves again, at the same address. */
  online(): Promise<void>;
  /** Ends it. */
  close(): Promise<void>;
}

interface Found {
  readonly body: string | Uint8Array;
  readonly name: string;
}

/** The file at a path of a folder, or its index; null if it is not there, or outside. */
async function readFrom(folder: string, path: string): Promise<Found | null> {
  const root = resolve(folder);
  let file = resolve(root, `.${sep}${path}`);
  if (file !== root && !file.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
  try {
    if ((await stat(file)).isDirectory()) file = resolve(file, 'index.html');
    return { body: await readFile(file), name: file };
  } catch {
    return null;
  }
}

/**
 * Serves a folder on 127.0.0.1, as a static host does: types by the name's ending, `index.html` for a folder, nothing
 * that lies outside, no listing. Browsers are told to ask again before they use what they have.
 *
 * @param folder The folder; null to serve the given files alone.
 */
export async function serveFolder(folder: string | null, options: ServeOptions = {}): Promise<Server> {
  const {
    headers = {},
    prefix = '/',
    isolated = false,
    files = new Map<string, string>(),
    mounts = {},
    port = 0,
  } = options;
  if (!prefix.startsWith('/') || !prefix.endsWith('/')) {
    throw new RangeError(`serveFolder: prefix must begin and end with a slash, got ${prefix}.`);
  }
  const missing: string[] = [];
  const sockets = new Set<Socket>();

  const find = async (path: string): Promise<Found | null> => {
    const name = path === '' || path.endsWith('/') ? `${path}index.html` : path;
    const body = files.get(name);
    if (body !== undefined) return { body, name };
    for (const [mount, from] of Object.entries(mounts)) {
      const found = path.startsWith(mount) ? await readFrom(from, path.slice(mount.length)) : null;
      if (found !== null) return found;
    }
    return folder === null ? null : readFrom(folder, path);
  };

  const answer = async ({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const end = (status: number, more: Record<string, string>, body: string | Uint8Array = '') => {
      const always = { 'cache-control': 'no-cache', ...(isolated ? isolation : {}), ...headers };
      response.writeHead(status, { ...always, 'content-length': Buffer.byteLength(body), ...more });
      response.end(method === 'HEAD' ? undefined : body);
    };
    if (method !== 'GET' && method !== 'HEAD') {
      end(405, { allow: 'GET, HEAD' });
      return;
    }
    let path: string;
    try {
      path = decodeURIComponent(new URL(url ?? '/', 'http://127.0.0.1').pathname);
    } catch {
      end(400, {});
      return;
    }
    if (`${path}/` === prefix) {
      end(301, { location: prefix });
      return;
    }
    if (path === '/favicon.ico') {
      end(204, {}); // browsers ask for it unasked
      return;
    }
    const found = path.startsWith(prefix) ? await find(path.slice(prefix.length)) : null;
    if (found === null) {
      missing.push(path);
      end(404, { 'content-type': 'text/plain; charset=utf-8' }, 'not found');
      return;
    }
    const type = types[extname(found.name).toLowerCase()] ?? 'application/octet-stream';
    end(200, { 'content-type': type }, found.body);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listen = (at: number) =>
    new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(at, '127.0.0.1', () => {
        server.off('error', fail);
        done();
      });
    });
  await listen(port);
  const { port: actual } = server.address() as AddressInfo;

  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => {
        done();
      });
      for (const socket of sockets) socket.destroy();
    });
  return {
    url: `http://127.0.0.1:${actual}${prefix}`,
    missing,
    offline: stop,
    online: () => (server.listening ? Promise.resolve() : listen(actual)),
    close: stop,
  };
}
