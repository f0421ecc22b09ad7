import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve } from '../testing/serve';
import { temporaryFolder } from '../testing/temporaryFolder';
import { fetchFromMirrors, writeAtomically } from './download';
import type { DownloadOptions, DownloadProgress } from './download';

const payload = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
const quick = { attempts: 2, retryDelayMs: 1 };

const good: RequestListener = (_, response) => response.end(payload);
const missing: RequestListener = (_, response) => response.writeHead(404).end();
const broken: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': payload.length });
  response.write(payload.subarray(0, 100_000), () => response.destroy());
};
const silent: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': payload.length });
  response.write(payload.subarray(0, 1000));
};

async function mirror(listener: RequestListener): Promise<string> {
  const server = await serve(listener);
  onTestFinished(server.close);
  return server.url;
}

function get(
  mirrors: string[],
  options: DownloadOptions = quick,
  maxBytes = payload.length,
): Promise<Uint8Array> {
  const accept = (bytes: Uint8Array) => {
    if (bytes[1] !== 1) throw new Error('not the file');
    return bytes;
  };
  return fetchFromMirrors({ file: 'some.gz', mirrors, maxBytes, accept }, options);
}

describe('fetchFromMirrors', () => {
  it('fetches the file by its name, reporting progress up to the declared size', async () => {
    const asked: (string | undefined)[] = [];
    const url = await mirror((request, response) => {
      asked.push(request.url);
      response.setHeader('content-length', payload.length);
      response.end(payload);
    });
    const progress: DownloadProgress[] = [];
    const bytes = await get([`${url}/mnist/`], { onProgress: (p) => progress.push(p) });
    expect(Buffer.compare(bytes, payload)).toBe(0);
    expect(asked).toEqual(['/mnist/some.gz']);
    const sizes = progress.map((p) => p.receivedBytes);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(progress.at(-1)).toEqual({
      file: 'some.gz',
      url: `${url}/mnist/some.gz`,
      receivedBytes: payload.length,
      totalBytes: payload.length,
    });
  });
  it.each([
    ['answers 404', missing],
    ['drops the connection half-way', broken],
    [
      'sends another file',
      (_: unknown, response: { end: (text: string) => void }) => {
        response.end('<html>');
      },
    ],
  ])('goes on to the next mirror when one %s', async (_, listener) => {
    const bytes = await get([await mirror(listener), await mirror(good)]);
    expect(bytes.length).toBe(payload.length);
  });
  it('tries again after a failure that passes', async () => {
    let requests = 0;
    const url = await mirror((request, response) => {
      (requests++ === 0 ? broken : good)(request, response);
    });
    expect((await get([url])).length).toBe(payload.length);
    expect(requests).toBe(2);
  });
  it('lists every mirror with what went wrong there', async () => {
    const [a, b, c] = [await mirror(missing), await mirror(broken), 'http://127.0.0.1:1'];
    await expect(get([a, b, c])).rejects.toThrow(`${a}: HTTP 404; ${b}: `);
    await expect(get([c])).rejects.toThrow(/^http:\/\/127\.0\.0\.1:1: \S/);
  });
  it('gives up a connection on which nothing arrives', async () => {
    const url = await mirror(silent);
    await expect(get([url], { attempts: 1, stallTimeoutMs: 50 })).rejects.toThrow(
      'nothing arrived for 0.05 s',
    );
  });
  it('refuses more bytes than the file can have', async () => {
    const url = await mirror(good);
    await expect(get([url], quick, 1000)).rejects.toThrow('more than the expected 1000 bytes');
  });
  it('stops at the signal, without another attempt', async () => {
    let requests = 0;
    const url = await mirror((request, response) => {
      requests++;
      silent(request, response);
    });
    const abort = new AbortController();
    const onProgress = () => {
      abort.abort(new Error('stopped by hand'));
    };
    await expect(
      get([url], { attempts: 5, retryDelayMs: 1, signal: abort.signal, onProgress }),
    ).rejects.toThrow('stopped by hand');
    expect(requests).toBe(1);
  });
});

describe('writeAtomically', () => {
  it('makes the folder and leaves the file alone in it', async () => {
    const folder = join(temporaryFolder(onTestFinished), 'a', 'b');
    await writeAtomically(join(folder, 'file'), Uint8Array.of(1, 2, 3));
    expect([...readFileSync(join(folder, 'file'))]).toEqual([1, 2, 3]);
    expect(readdirSync(folder)).toEqual(['file']);
  });
  it('replaces an old file, and leaves nothing behind when it fails', async () => {
    const folder = temporaryFolder(onTestFinished);
    await writeAtomically(join(folder, 'file'), Uint8Array.of(1));
    await writeAtomically(join(folder, 'file'), Uint8Array.of(2));
    expect([...readFileSync(join(folder, 'file'))]).toEqual([2]);
    mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
    await expect(writeAtomically(join(folder, 'taken'), Uint8Array.of(3))).rejects.toThrow();
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken']);
    expect(existsSync(join(folder, 'taken', 'inside'))).toBe(true);
  });
});
