import { describe, expect, it } from 'vitest';
import { download, sizeText } from './download';

const URL_OF_IT = 'https://example.org/a.safetensors';
const answer = (body: BodyInit | null, init: ResponseInit = {}) => ({
  fetch: () => Promise.resolve(new Response(body, init)),
});

describe('download', () => {
  it('gives the bytes and tells how far it is', async () => {
    const seen: unknown[] = [];
    const bytes = await download(URL_OF_IT, {
      ...answer(new Uint8Array([1, 2, 3]), { headers: { 'content-length': '3' } }),
      onProgress: (progress) => seen.push(progress),
    });
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(seen).toEqual([{ received: 3, total: 3 }]);
  });
  it('says what a server refuses', async () => {
    await expect(download(URL_OF_IT, answer('', { status: 404 }))).rejects.toThrow(
      `${URL_OF_IT} must be readable, but its server answers 404: there is no such file.`,
    );
    await expect(download(URL_OF_IT, answer('', { status: 403 }))).rejects.toThrow('403: it is not public');
    await expect(download(URL_OF_IT, answer('', { status: 503 }))).rejects.toThrow('answers 503.');
  });
  it('says that there is no network, or no permission', async () => {
    const fetch = () => Promise.reject(new TypeError('Failed to fetch'));
    await expect(download(URL_OF_IT, { fetch })).rejects.toThrow(/cannot be reached.*no network.*CORS/);
  });
  it('notices what was cut short', async () => {
    const short = answer(new Uint8Array(10), { headers: { 'content-length': '2000' } });
    await expect(download(URL_OF_IT, short)).rejects.toThrow(`${URL_OF_IT} ended after 1 kB of 2 kB.`);
    const body = new ReadableStream({
      pull: (controller) => {
        controller.error(new TypeError('network error'));
      },
    });
    await expect(download(URL_OF_IT, answer(body))).rejects.toThrow('ended after 0 kB. Is there a network?');
  });
  it('refuses what is too large, announced or not', async () => {
    const announced = answer(new Uint8Array(1), { headers: { 'content-length': '5000000000' } });
    const sentence = `A model must have at most 1.1 GB here, and ${URL_OF_IT} has 5.0 GB.`;
    await expect(download(URL_OF_IT, announced)).rejects.toThrow(sentence);
    const silent = { ...answer(new Uint8Array(5000)), maxBytes: 4000 };
    await expect(download(URL_OF_IT, silent)).rejects.toThrow('at most 4 kB here');
  });
  it('does not compare the length of what was sent packed', async () => {
    const packed = answer(new Uint8Array(10), {
      headers: { 'content-length': '4', 'content-encoding': 'gzip' },
    });
    expect(await download(URL_OF_IT, packed)).toHaveLength(10);
  });
});

describe('sizeText', () => {
  it.each([
    [999, '1 kB'],
    [1_404_224, '1.4 MB'],
    [3.25e9, '3.3 GB'],
  ])('%i: %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
