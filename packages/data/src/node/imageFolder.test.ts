import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAll } from '../testing/readAll';
import { temporaryFolder } from '../testing/temporaryFolder';
import { openImageFolder } from './imageFolder';

/** A folder with files whose content is their path. */
function folderOf(paths: readonly string[]): string {
  const folder = join(temporaryFolder(onTestFinished), 'pets');
  mkdirSync(folder);
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
  return folder;
}

async function listed(folder: string, options = {}) {
  const source = await openImageFolder(folder, { damage: { policy: 'skip' }, ...options });
  const samples = await readAll(source);
  return { source, samples: samples.map(({ key, label }) => [key, label]) };
}

describe('openImageFolder', () => {
  it('takes sub-folders for classes, in the order of their names', async () => {
    const folder = folderOf([
      'dog/b.PNG',
      'dog/a.jpg',
      'cat/deep/c.webp',
      'cat/.hidden.png',
      'dog/x.txt',
      '.git/d.png',
    ]);
    const { source, samples } = await listed(folder);
    expect(source).toMatchObject({
      name: 'pets',
      access: 'random',
      numClasses: 2,
      classNames: ['cat', 'dog'],
    });
    expect(samples).toEqual([
      ['cat/deep/c.webp', 0],
      ['dog/a.jpg', 1],
      ['dog/b.PNG', 1],
    ]);
    expect((await source.readAt(0))?.content).toEqual({
      kind: 'encoded',
      bytes: new Uint8Array(Buffer.from('cat/deep/c.webp')),
    });
    await source.close();
  });
  it('has no labels without sub-folders, or where none are wanted', async () => {
    const { source, samples } = await listed(folderOf(['b.png', 'a.png']));
    expect(source.numClasses).toBe(0);
    expect(samples).toEqual([
      ['a.png', 0],
      ['b.png', 0],
    ]);
    expect((await listed(folderOf(['x/b.png', 'y/a.png']), { numClasses: 0 })).source.numClasses).toBe(0);
  });
  it('follows a list of labels', async () => {
    const folder = folderOf(['00000/0.png', '00000/1.png', '00001/2.png']);
    writeFileSync(join(folder, 'dataset.json'), '{"labels": [["00000/1.png", 2], ["00001/2.png", 0]]}');
    const { source, samples } = await listed(folder);
    expect(source.numClasses).toBe(3);
    expect(samples).toEqual([
      ['00000/1.png', 2],
      ['00001/2.png', 0],
    ]);
    writeFileSync(join(folder, 'dataset.json'), '{"labels": null}');
    expect((await listed(folder)).samples).toHaveLength(3);
  });
  it('takes a list from elsewhere, with paths from the folder or from the list', async () => {
    const folder = folderOf(['a.png', 'b.png']);
    const outside = join(dirname(folder), 'l.csv');
    for (const prefix of ['', 'pets/']) {
      writeFileSync(outside, `${prefix}a.png,owl\n${prefix}b.png,cat\n`);
      const { source, samples } = await listed(folder, { labels: outside });
      expect(source.classNames).toEqual(['cat', 'owl']);
      expect(samples).toEqual([
        [`${prefix}a.png`, 1],
        [`${prefix}b.png`, 0],
      ]);
    }
    await expect(openImageFolder(folder, { labels: join(folder, 'none.csv') })).rejects.toThrow(
      'openImageFolder: labels must be a readable file, got ENOENT for',
    );
  });
  it('leaves out or refuses what is not there any more, or too large', async () => {
    const folder = folderOf(['a.png', 'b.png']);
    const strict = await openImageFolder(folder);
    rmSync(join(folder, 'a.png'));
    await expect(strict.readAt(0)).rejects.toThrow(
      `data: ${folder}, sample a.png: the file must be readable, got ENOENT. Likely fix:`,
    );
    expect(
      await openImageFolder(folder, { maxImageBytes: 4 })
        .then((source) => source.readAt(0))
        .catch(String),
    ).toContain('the image must have at most 4 bytes, got 5');
  });
  it('follows links, and does not run in circles', async () => {
    const folder = folderOf(['x/a.png']);
    symlinkSync(join(folder, 'x'), join(folder, 'y'));
    expect((await listed(folder)).samples).toEqual([
      ['x/a.png', 0],
      ['y/a.png', 1],
    ]);
    symlinkSync(folder, join(folder, 'x', 'self'));
    await expect(openImageFolder(folder)).rejects.toThrow('must not contain itself');
  });
  it('refuses a folder without images, and a mixture', async () => {
    const empty = folderOf(['x.txt']);
    await expect(openImageFolder(empty)).rejects.toThrow(
      `openImageFolder: ${empty} must hold at least one image, got none. Likely fix: check the path.`,
    );
    await expect(openImageFolder(folderOf(['a.png', 'x/b.png']))).rejects.toThrow('got a.png beside x/b.png');
  });
});
