import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { encodeIdx } from '../testing/encodeIdx';
import { temporaryFolder } from '../testing/temporaryFolder';
import { loadIdxFiles } from './loadIdxFiles';

const images = encodeIdx([2, 1, 2], Uint8Array.of(1, 2, 3, 4));
const labels = encodeIdx([2], Uint8Array.of(1, 0));

it('reads a pair of files, plain or gzip, whatever their names say', async () => {
  const [i, l] = ['images', 'labels'].map((name) => join(temporaryFolder(onTestFinished), name)) as [
    string,
    string,
  ];
  writeFileSync(i, gzipSync(images));
  writeFileSync(l, labels);
  expect(await loadIdxFiles(i, l, { name: 'two' })).toMatchObject({
    name: 'two',
    count: 2,
    images: Uint8Array.of(1, 2, 3, 4),
    labels: Int32Array.of(1, 0),
  });
  expect((await loadIdxFiles(i, null)).numClasses).toBe(0);
});
it('names the path that it cannot read, and one that is too large', async () => {
  const path = join(temporaryFolder(onTestFinished), 'images');
  await expect(loadIdxFiles(path, null)).rejects.toThrow(
    `loadIdxFiles: ${path} must be a readable file, got ENOENT. Likely fix: check the path.`,
  );
  writeFileSync(path, images);
  await expect(loadIdxFiles(path, null, { maxBytes: 19 })).rejects.toThrow(
    `loadIdxFiles: ${path} must have at most 19 bytes. Likely fix: raise maxBytes.`,
  );
});
it('names the path of a damaged file', async () => {
  const path = join(temporaryFolder(onTestFinished), 'images');
  writeFileSync(path, images.subarray(0, 18));
  await expect(loadIdxFiles(path, null)).rejects.toThrow(
    `parseIdx: ${path} must have 20 bytes by its header, got 18`,
  );
});
