import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { publicInception } from '../networks/inception/inceptionFile';
import { inceptionWeights } from './inceptionWeights';
import { loadFeatureNetwork } from './loadFeatureNetwork';
import type { FeatureNetworkName } from './loadFeatureNetwork';

const content = Buffer.from('not the weights, but of a known hash');
const sha256 = createHash('sha256').update(content).digest('hex');
const known = { file: 'weights.pth', bytes: content.length, sha256, folder: '' };

let server: Server;
let url = '';
let requests: string[] = [];
let folder = '';
beforeAll(async () => {
  server = createServer(({ url: path = '' }, response) => {
    requests.push(path);
    if (path === '/weights.pth') response.end(content);
    else if (path.startsWith('/wrong/')) response.end('something else');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
  folder = mkdtempSync(join(tmpdir(), 'meanflow-inception-'));
  vi.stubEnv('MEANFLOW_INCEPTION', '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

it('fetches the weights into the cache, and then takes them from there', async () => {
  const options = { cacheDir: join(folder, 'cache'), mirrors: [url] };
  expect(Buffer.from(await inceptionWeights(options, known)).equals(content)).toBe(true);
  expect(Buffer.from(await inceptionWeights({ ...options, download: false }, known)).equals(content)).toBe(
    true,
  );
  expect(requests).toEqual(['/weights.pth']);
  expect(readFileSync(join(folder, 'cache', 'weights.pth')).equals(content)).toBe(true);
});

it('fetches them again if the cache has a damaged file', async () => {
  writeFileSync(join(folder, 'weights.pth'), 'damaged');
  await expect(inceptionWeights({ cacheDir: folder, download: false }, known)).rejects.toThrow(
    `got a damaged file ${join(folder, 'weights.pth')}: its SHA-256 is`,
  );
  await inceptionWeights({ cacheDir: folder, mirrors: [url] }, known);
  expect(readFileSync(join(folder, 'weights.pth')).equals(content)).toBe(true);
});

it('takes a file that is named, by the option before the variable, and then asks no server', async () => {
  writeFileSync(join(folder, 'a'), 'a');
  writeFileSync(join(folder, 'b'), 'b');
  vi.stubEnv('MEANFLOW_INCEPTION', join(folder, 'a'));
  expect(Buffer.from(await inceptionWeights({ mirrors: [url] }, known)).toString()).toBe('a');
  expect(Buffer.from(await inceptionWeights({ weights: join(folder, 'b') }, known)).toString()).toBe('b');
  expect(requests).toEqual([]);
});

it('says in one sentence what else can be done where nothing works', async () => {
  const fast = { retryDelayMs: 1, cacheDir: folder };
  const fix = `Likely fix: get ${publicInception.folder}/${publicInception.file} by other means and name it with MEANFLOW_INCEPTION or the option weights, or evaluate with a network that needs no download: digits-lenet, `;
  const reason = async (options: object) => {
    const error = await inceptionWeights({ ...fast, ...options }, known).catch((e: unknown) => e as Error);
    expect((error as Error).message).toContain(fix);
    return (error as Error).message.split('. Likely fix')[0];
  };
  const start = 'loadFeatureNetwork: the Inception weights must be in a file or downloadable, got';
  expect(await reason({ mirrors: [`${url}/none/x`] })).toBe(`${start} ${url}/none/x: HTTP 404`);
  expect(await reason({ download: false })).toBe(
    `${start} no file ${join(folder, 'weights.pth')}, and downloads are off`,
  );
  expect(await reason({ weights: join(folder, 'none') })).toMatch(/got ENOENT: no such file.*none'$/);
});

it('names both hashes where a server has another file', async () => {
  const wrong = createHash('sha256').update('something else').digest('hex');
  await expect(
    inceptionWeights(
      { cacheDir: folder, mirrors: [`${url}/wrong`], retryDelayMs: 1 },
      { ...known, file: 'x.pth' },
    ),
  ).rejects.toThrow(`its SHA-256 is ${wrong} instead of ${sha256}`);
});

it('refuses a name that there is none of', async () => {
  await expect(loadFeatureNetwork('vgg' as FeatureNetworkName)).rejects.toThrow(
    /^loadFeatureNetwork: name must be one of inception, inception-ptfid, digits-lenet, .*, got vgg\.$/,
  );
});

it('loads a network of this package without any file', async () => {
  const network = await loadFeatureNetwork('digits-lenet');
  expect(network.featureSize).toBe(64);
  network.dispose();
});
