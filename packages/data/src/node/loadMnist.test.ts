import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeIdx } from '../testing/encodeIdx';
import { mnistFolder, needsMnist } from '../testing/mnistFolder';
import { serve } from '../testing/serve';
import { temporaryFolder } from '../testing/temporaryFolder';
import { loadMnist } from './loadMnist';

const quick = { retryDelayMs: 1 };
const nowhere = ['http://127.0.0.1:1'];

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A folder in the format of MNIST with two tiny test images. */
function tinyFolder(imagesName: string, labelsName: string): string {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, imagesName), encodeIdx([2, 2, 2], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
  writeFileSync(join(folder, labelsName), encodeIdx([2], Uint8Array.of(9, 0)));
  return folder;
}

describe('loadMnist from a folder', () => {
  it('takes the files under the names they go by', async () => {
    const expected = { name: 'mnist-test', count: 2, numClasses: 10, labels: Int32Array.of(9, 0) };
    const dashed = tinyFolder('t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte.gz');
    expect(await loadMnist({ split: 'test', folder: dashed })).toMatchObject(expected);
    const dotted = tinyFolder('t10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte');
    vi.stubEnv('MEANFLOW_MNIST', dotted);
    expect(await loadMnist({ split: 'test' })).toMatchObject(expected);
  });
  it('says what the folder lacks, and downloads nothing', async () => {
    const folder = tinyFolder('t10k-images-idx3-ubyte', 'other');
    await expect(loadMnist({ split: 'test', folder, mirrors: nowhere })).rejects.toThrow(
      `loadMnist: the MNIST folder must hold t10k-labels-idx1-ubyte.gz or t10k-labels-idx1-ubyte, got none in ${folder}. Likely fix: check the folder argument or MEANFLOW_MNIST.`,
    );
  });
});

describe('loadMnist without the network', () => {
  it('says in one sentence which file, why, and where to put it', async () => {
    vi.stubEnv('MEANFLOW_MNIST', '');
    const cache = temporaryFolder(onTestFinished);
    vi.stubEnv('XDG_CACHE_HOME', cache);
    await expect(loadMnist({ ...quick, mirrors: nowhere })).rejects.toThrow(
      /^loadMnist: train-labels-idx1-ubyte\.gz must be downloadable, got http:\/\/127\.0\.0\.1:1: [^;]+\. Likely fix: check the network, or put the four MNIST files into \S+meanflow\S+mnist by hand\.$/,
    );
    expect(readdirSync(cache)).toEqual([]);
  });
  it('does not try when download is false', async () => {
    const cacheDir = temporaryFolder(onTestFinished);
    await expect(loadMnist({ cacheDir, download: false })).rejects.toThrow(
      `loadMnist: ${join(cacheDir, 'train-labels-idx1-ubyte.gz')} must be there and undamaged when download is false, got no file.`,
    );
  });
  it('refuses a mirror whose file has another content, and keeps nothing of it', async () => {
    const wrong = await serve((_, response) => response.end(encodeIdx([1], Uint8Array.of(3))));
    onTestFinished(wrong.close);
    const cacheDir = temporaryFolder(onTestFinished);
    await expect(loadMnist({ ...quick, cacheDir, mirrors: [wrong.url] })).rejects.toThrow(
      `got ${wrong.url}: its content has the wrong SHA-256. Likely fix`,
    );
    expect(readdirSync(cacheDir)).toEqual([]);
  });
  it('stops at the signal with its reason', async () => {
    const signal = AbortSignal.abort(new Error('by hand'));
    await expect(
      loadMnist({ cacheDir: temporaryFolder(onTestFinished), mirrors: nowhere, signal }),
    ).rejects.toThrow(/^by hand$/);
  });
});

describe.skipIf(mnistFolder === null)(`loadMnist with the real files${needsMnist}`, () => {
  const folder = mnistFolder ?? '';
  const counts = (labels: Int32Array) =>
    Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);

  async function mirror(): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const server = await serve((request, response) => {
      const file = basename(request.url ?? '');
      asked.push(file);
      response.end(readFileSync(join(folder, file)));
    });
    onTestFinished(server.close);
    return { url: server.url, asked };
  }

  it('reads the published training set', async () => {
    const train = await loadMnist({ folder });
    expect(train).toMatchObject({ name: 'mnist-train', count: 60_000, height: 28, width: 28, channels: 1 });
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(counts(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    const mean = train.images.reduce((sum, v) => sum + v, 0) / train.images.length / 255;
    expect(mean).toBeCloseTo(0.1307, 4); // the mean that everyone normalises by
  });
  it('downloads a split once, into the cache, and reads it from there', async () => {
    const cacheDir = join(temporaryFolder(onTestFinished), 'mnist');
    const { url, asked } = await mirror();
    const test = await loadMnist({ split: 'test', cacheDir, mirrors: [url] });
    expect(test).toMatchObject({ name: 'mnist-test', count: 10_000, numClasses: 10 });
    expect(counts(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(asked).toEqual(['t10k-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz']);
    expect(readdirSync(cacheDir).sort()).toEqual([...asked].sort());
    const again = await loadMnist({ split: 'test', cacheDir, mirrors: nowhere });
    expect(Buffer.compare(again.images, test.images)).toBe(0);
    expect(asked.length).toBe(2);
  });
  it('fetches a damaged file of the cache again, and takes an unpacked one', async () => {
    const cacheDir = temporaryFolder(onTestFinished);
    const labels = readFileSync(join(folder, 't10k-labels-idx1-ubyte.gz'));
    writeFileSync(join(cacheDir, 't10k-labels-idx1-ubyte.gz'), labels.subarray(0, 1000));
    writeFileSync(
      join(cacheDir, 't10k-images-idx3-ubyte.gz'),
      gunzipSync(readFileSync(join(folder, 't10k-images-idx3-ubyte.gz'))),
    );
    const { url, asked } = await mirror();
    expect((await loadMnist({ split: 'test', cacheDir, mirrors: [url] })).count).toBe(10_000);
    expect(asked).toEqual(['t10k-labels-idx1-ubyte.gz']);
    expect(Buffer.compare(readFileSync(join(cacheDir, 't10k-labels-idx1-ubyte.gz')), labels)).toBe(0);
  });
  it('says that the cache cannot be written to', async () => {
    const file = join(temporaryFolder(onTestFinished), 'file');
    writeFileSync(file, '');
    const { url } = await mirror();
    await expect(loadMnist({ split: 'test', cacheDir: join(file, 'mnist'), mirrors: [url] })).rejects.toThrow(
      /^loadMnist: the cache folder must be writable, got .* Likely fix: set cacheDir or XDG_CACHE_HOME/,
    );
    expect(existsSync(join(file, 'mnist'))).toBe(false);
  });
});
