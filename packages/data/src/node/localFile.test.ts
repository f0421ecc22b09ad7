import { appendFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporaryFolder';
import { localFile } from './localFile';

const content = Buffer.from(Array.from({ length: 600_000 }, (_, i) => i % 253));

function written() {
  const path = join(temporaryFolder(onTestFinished), 'file');
  writeFileSync(path, content);
  return path;
}

it('reads ranges, and streams from any byte on', async () => {
  const file = localFile(written());
  expect(Buffer.from(await file.read(1000, 50)).equals(content.subarray(1000, 1050))).toBe(true);
  for (const offset of [0, 599_999, 600_000, 262_144]) {
    const pieces = [];
    for await (const piece of file.stream(offset)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(content.subarray(offset))).toBe(true);
  }
  await file.close();
  expect([...(await file.read(1, 1))]).toEqual([1]); // opened again
  await file.close();
});
it('has a version that changes with the content', async () => {
  const path = written();
  const [before, again] = [await localFile(path).stat(), await localFile(path).stat()];
  expect(again).toEqual(before);
  expect(before.size).toBe(content.length);
  await new Promise((resolve) => setTimeout(resolve, 20));
  appendFileSync(path, 'x');
  expect((await localFile(path).stat()).version).not.toBe(before.version);
});
it('names a file that is not there or became shorter', async () => {
  const path = written();
  const file = localFile(path);
  await expect(file.read(599_990, 11)).rejects.toThrow(`data: ${path} must have 600001 bytes, got 600000`);
  rmSync(path);
  await expect(localFile(path).stat()).rejects.toThrow(`data: ${path} must be a readable file, got ENOENT.`);
  await expect(localFile(path).read(0, 1)).rejects.toThrow('ENOENT');
  await file.close();
});
it('keeps few of many files open, and reads from all at once', async () => {
  const path = written();
  const files = Array.from({ length: 400 }, () => localFile(path));
  const opened = () => readdirSync('/proc/self/fd').length;
  const canCount = existsSync('/proc/self/fd');
  const before = canCount ? opened() : 0;
  for (let round = 0; round < 2; round++) {
    const read = await Promise.all(files.map((file, i) => file.read(i, 1)));
    expect(read.map(([byte]) => byte)).toEqual(files.map((_, i) => i % 253));
  }
  if (canCount) expect(opened() - before).toBeLessThan(140);
  await Promise.all(files.map((file) => file.close()));
  if (canCount) expect(opened() - before).toBeLessThan(10);
});
it('stops at the signal', async () => {
  const file = localFile(written());
  const abort = new AbortController();
  const stream = file.stream(0, abort.signal)[Symbol.asyncIterator]();
  await stream.next();
  abort.abort(new Error('stopped by hand'));
  await expect(stream.next()).rejects.toThrow('stopped by hand');
  await expect(file.read(0, 1, abort.signal)).rejects.toThrow('stopped by hand');
});
