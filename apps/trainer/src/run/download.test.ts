import { expect, it } from 'vitest';
import { announceDownloads } from './download';

it('names each file once, with its size and where it is from', () => {
  const said: string[] = [];
  const onProgress = announceDownloads((text) => said.push(text));
  const url = 'https://example.org/mnist/a.gz';
  onProgress({ file: 'a.gz', url, receivedBytes: 1, totalBytes: 9_912_422 });
  onProgress({ file: 'a.gz', url, receivedBytes: 2, totalBytes: 9_912_422 });
  onProgress({ file: 'b.gz', url: 'https://example.org/b.gz', receivedBytes: 1, totalBytes: null });
  expect(said).toEqual([
    'Downloading a.gz (9.9 MB) from example.org, once.',
    'Downloading b.gz from example.org, once.',
  ]);
});
