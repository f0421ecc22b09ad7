import type { IncomingMessage, ServerResponse } from 'node:http';
import { serve } from './serve';
import type { LocalServer } from './serve';

/** What the server does instead of answering well; returns whether it has answered. */
export type Mischief = (request: IncomingMessage, response: ServerResponse, bytes: Uint8Array) => boolean;

/** A server of files with ranges. */
export interface FileServer extends LocalServer {
  /** Paths and ranges that were asked for, as `/a.tar bytes=0-`. */
  readonly requests: string[];
}

/** Parts of `/path?...` that a test changes while the server runs. */
export interface FileServerOptions {
  files: Record<string, Uint8Array>;
  ranges?: boolean;
  etag?: string | null;
  mischief?: Mischief;
}

/** Serves files from memory, as `options` say at the time of each request. */
export async function serveFiles(options: FileServerOptions): Promise<FileServer> {
  const requests: string[] = [];
  const server = await serve((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    requests.push(`${path} ${request.headers.range ?? ''}`.trim());
    const bytes = options.files[path.slice(1)];
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (options.mischief?.(request, response, bytes) === true) return;
    const { ranges = true, etag = '"v1"' } = options;
    if (etag !== null) response.setHeader('etag', etag);
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (!ranges || from === undefined) {
      response.setHeader('content-length', bytes.length);
      response.end(bytes);
      return;
    }
    const start = Number(from);
    const end = Math.min(to === '' || to === undefined ? bytes.length : Number(to) + 1, bytes.length);
    if (start >= bytes.length) {
      response.setHeader('content-range', `bytes */${bytes.length}`);
      response.writeHead(416).end();
      return;
    }
    response.writeHead(206, {
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
      'content-length': end - start,
    });
    response.end(bytes.subarray(start, end));
  });
  return { ...server, requests };
}
