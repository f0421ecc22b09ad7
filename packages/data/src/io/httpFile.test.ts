import { describe, expect, it, onTestFinished } from 'vitest';
import { serveFiles } from '../testing/fileServer';
import type { FileServer, FileServerOptions, Mischief } from '../testing/fileServer';
import { httpFile } from './httpFile';
import type { HttpOptions } from './httpFile';

const content = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * 7) % 253));
const quick: HttpOptions = { retryDelayMs: 1, attempts: 3 };

async function setup(options: Partial<FileServerOptions> = {}, http: HttpOptions = quick) {
  const settings: FileServerOptions = { files: { f: content, empty: new Uint8Array() }, ...options };
  const server: FileServer = await serveFiles(settings);
  onTestFinished(server.close);
  return { server, settings, file: httpFile(`${server.url}/f?token=secret`, http) };
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Fails the first `times` requests so. */
function first(times: number, mischief: Mischief): Mischief {
  let left = times;
  return (...args) => left-- > 0 && mischief(...args);
}

const status =
  (code: number): Mischief =>
  (_, response) => {
    response.writeHead(code).end('no');
    return true;
  };

/** Sends as many bytes as asked for, and then closes the connection. */
const breakAfter =
  (bytesToSend: number): Mischief =>
  (request, response, bytes) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(206, {
      etag: '"v1"',
      'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
      'content-length': bytes.length - start,
    });
    response.write(bytes.subarray(start, start + bytesToSend), () => response.destroy());
    return true;
  };

describe('httpFile', () => {
  it('knows size and version by one small request', async () => {
    const { file, server } = await setup();
    expect(await file.stat()).toEqual({ size: content.length, version: '"v1"' });
    await file.stat();
    expect(server.requests).toEqual(['/f bytes=0-0']);
    expect(file.name).toBe(`${server.url}/f`); // a secret in the query stays out of messages
    expect(await httpFile(`${server.url}/empty`).stat()).toEqual({ size: 0, version: '"v1"' });
    await file.close();
  });
  it('reads ranges, and streams from any byte on', async () => {
    const { file, server } = await setup();
    expect(content.subarray(1000, 1050).equals(await file.read(1000, 50))).toBe(true);
    for (const offset of [0, 123_456, content.length - 1, content.length]) {
      expect((await collect(file.stream(offset))).equals(content.subarray(offset))).toBe(true);
    }
    expect(server.requests[0]).toBe('/f bytes=1000-1049');
    await expect(file.read(content.length - 5, 6)).rejects.toThrow('must have 400001 bytes, got 400000');
  });
  it('does with a server that ignores ranges, and says where that cannot do', async () => {
    const { file } = await setup({ ranges: false, etag: null });
    expect(await file.stat()).toEqual({ size: content.length, version: null });
    expect((await collect(file.stream(300_000))).equals(content.subarray(300_000))).toBe(true);
    expect(content.subarray(10, 15).equals(await file.read(10, 5))).toBe(true);
  });
  it.each([
    ['answers 500', status(500)],
    ['answers 429', status(429)],
    [
      'closes the connection',
      (_: unknown, response: { destroy: () => void }) => {
        response.destroy();
        return true;
      },
    ],
  ])('tries again when the server %s', async (_, mischief) => {
    const { file, server } = await setup({ mischief: first(2, mischief) });
    expect((await collect(file.stream(0))).equals(content)).toBe(true);
    expect(server.requests).toHaveLength(3);
  });
  it('takes a broken connection up where it broke, as often as it must', async () => {
    const { file, server } = await setup({ mischief: first(6, breakAfter(50_000)) });
    expect((await collect(file.stream(1000))).equals(content.subarray(1000))).toBe(true);
    expect(server.requests).toHaveLength(7);
    const starts = server.requests.map((request) => Number(/bytes=(\d+)-/.exec(request)?.[1]));
    expect(starts[0]).toBe(1000);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts.at(-1)).toBeGreaterThan(100_000); // not from the beginning
  });
  it('passes over what it has where the server ignores ranges', async () => {
    let broke = false;
    const { file } = await setup({
      ranges: false,
      mischief: (_, response, bytes) => {
        if (broke) return false;
        broke = true;
        response.writeHead(200, { 'content-length': bytes.length, etag: '"v1"' });
        response.write(bytes.subarray(0, 100_000), () => response.destroy());
        return true;
      },
    });
    expect((await collect(file.stream(0))).equals(content)).toBe(true);
  });
  it('gives up after failures in a row, at once where it is no use', async () => {
    const broken = await setup({ mischief: status(503) });
    await expect(collect(broken.file.stream(0))).rejects.toThrow(
      'the server must send the file, got HTTP 503 (3 times)',
    );
    expect(broken.server.requests).toHaveLength(3);
    const missing = await setup({ files: {} });
    await expect(missing.file.stat()).rejects.toThrow(
      `data: ${missing.file.name} must be a file on a server, got: the server must send the file, got HTTP 404. Likely fix: check the address.`,
    );
    expect(missing.server.requests).toHaveLength(1);
    await expect(httpFile('http://127.0.0.1:1/x', quick).stat()).rejects.toThrow('(3 times)');
  });
  it('waits as the server asks', async () => {
    const { file } = await setup({
      mischief: first(1, (_, response) => {
        response.writeHead(503, { 'retry-after': '1' }).end();
        return true;
      }),
    });
    const start = performance.now();
    await file.stat();
    expect(performance.now() - start).toBeGreaterThan(900);
  });
  it('gives up a connection on which nothing arrives', async () => {
    let silent = 1;
    const { file } = await setup(
      {
        mischief: (_, response, bytes) => {
          if (silent-- <= 0) return false;
          response.writeHead(206, {
            etag: '"v1"',
            'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
          });
          response.write(bytes.subarray(0, 1000));
          return true;
        },
      },
      { ...quick, stallTimeoutMs: 60 },
    );
    expect((await collect(file.stream(0))).equals(content)).toBe(true);
    silent = 100;
    await expect(collect(file.stream(1000))).rejects.toThrow(/within 0.06 s, got nothing|from 0/);
  });
  it('does not mix two versions of a file', async () => {
    const { file, settings } = await setup({ mischief: first(1, breakAfter(50_000)) });
    const stream = file.stream(0)[Symbol.asyncIterator]();
    await stream.next();
    settings.etag = '"v2"';
    const rest = async () => {
      while (!(await stream.next()).done);
    };
    await expect(rest()).rejects.toThrow('the file must stay the same while it is read, got another version');
  });
  it('sends headers, and stops at the signal', async () => {
    const seen: unknown[] = [];
    const { file } = await setup(
      {
        mischief: (request) => {
          seen.push(request.headers.authorization);
          return false;
        },
      },
      { ...quick, headers: { authorization: 'Bearer x' } },
    );
    const abort = new AbortController();
    const stream = file.stream(0, abort.signal)[Symbol.asyncIterator]();
    await stream.next();
    expect(seen).toEqual(['Bearer x']);
    abort.abort(new Error('stopped by hand'));
    const rest = async () => {
      while (!(await stream.next()).done);
    };
    await expect(rest()).rejects.toThrow('stopped by hand');
    await expect(file.read(0, 10, abort.signal)).rejects.toThrow('stopped by hand');
  });
  it('lets the server wait while nobody takes more', async () => {
    const large = new Uint8Array(64 * 2 ** 20);
    let sent = 0;
    const { server } = await setup({
      files: { f: large },
      mischief: (_, response, bytes) => {
        response.writeHead(200, { 'content-length': bytes.length });
        const send = () => {
          while (sent < bytes.length) {
            const more = response.write(bytes.subarray(sent, sent + 65536));
            sent += 65536;
            if (!more) return void response.once('drain', send);
          }
          response.end();
        };
        send();
        return true;
      },
    });
    const stream = httpFile(`${server.url}/f`, quick).stream(0)[Symbol.asyncIterator]();
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(large.length / 2);
    await stream.return?.();
  });
});
