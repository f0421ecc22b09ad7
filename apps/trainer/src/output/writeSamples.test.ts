import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { targetKind } from './target';
import { writeSamples } from './writeSamples';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-out-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('targetKind', () => {
  it('goes by the name of a file', () => {
    expect(targetKind(join(folder, 'a.png'))).toBe('picture');
    expect(targetKind(join(folder, 'a.PNG'))).toBe('picture');
    expect(targetKind(join(folder, 'a.npz'))).toBe('npz');
    expect(targetKind(join(folder, 'samples'))).toBe('folder');
    expect(targetKind(join(folder, 'samples.v2'))).toBe('folder');
    expect(targetKind(folder)).toBe('folder');
  });
  it('takes a file that is there, and refuses kinds that are not written', () => {
    writeFileSync(join(folder, 'a.png'), '');
    expect(targetKind(join(folder, 'a.png'))).toBe('picture');
    writeFileSync(join(folder, 'notes'), '');
    for (const name of ['a.jpg', 'a.npy', 'notes']) {
      expect(() => targetKind(join(folder, name))).toThrow(
        `--out must be a .png file, a .npz file or a folder, got ${join(folder, name)}.`,
      );
    }
  });
  it('keeps out of folders with files in them', () => {
    writeFileSync(join(folder, 'a'), '');
    expect(() => targetKind(folder)).toThrow(
      `--out must be a new or empty folder, got ${folder} with 1 entries.`,
    );
    mkdirSync(join(folder, 'b.png'));
    expect(targetKind(join(folder, 'b.png'))).toBe('folder');
  });
});

/** Image i is a plain grey of brightness (i - 2) / 2. */
const images = (labels: number[] | null, count = labels?.length ?? 4) => ({
  shape: [count, 2, 2, 1],
  data: Float32Array.from({ length: 4 * count }, (_, i) => (Math.floor(i / 4) - 2) / 2),
  labels: labels === null ? null : Int32Array.from(labels),
});

describe('writeSamples', () => {
  const sizeOf = (path: string) => {
    const { width, height } = decode(readFileSync(path));
    return [width, height];
  };
  it('draws a row for each class', () => {
    const path = join(folder, 'deep', 'er', 'grid.png');
    writeSamples(path, 'picture', images([0, 0, 1, 1, 2, 2]), null);
    const cell = 56 + 2;
    expect(sizeOf(path)).toEqual([2 * cell + 2, 3 * cell + 2]);
  });
  it.each([[null], [[0, 0, 1]], [[3, 3, 3, 3]]])('draws a square for labels %j', (labels) => {
    const path = join(folder, 'grid.png');
    writeSamples(path, 'picture', images(labels), null);
    expect(sizeOf(path)).toEqual([2 * 58 + 2, 2 * 58 + 2]);
  });
  it('writes one file for each image, named by number and class', () => {
    const path = join(folder, 'single');
    writeSamples(path, 'folder', images([7, 8, 9]), null);
    expect(readdirSync(path).sort()).toEqual(['00000-class7.png', '00001-class8.png', '00002-class9.png']);
    const { width, height, data } = decode(readFileSync(join(path, '00001-class8.png')));
    expect([width, height, data[0]]).toEqual([2, 2, 64]); // 127.5 * -0.5 + 128, truncated
    writeSamples(join(folder, 'plain'), 'folder', images(null), null);
    expect(readdirSync(join(folder, 'plain'))).toContain('00003.png');
  });
  it('writes arrays, with labels only where there are classes', () => {
    const path = join(folder, 'a.npz');
    writeSamples(path, 'npz', images([1, 2]), null);
    const files = unzipSync(readFileSync(path));
    expect(Object.keys(files)).toEqual(['images.npy', 'labels.npy']);
    expect([...(files['images.npy'] ?? []).slice(-8)]).toEqual([0, 0, 0, 0, 64, 64, 64, 64]);
    writeSamples(path, 'npz', { shape: [1, 2], data: Float32Array.of(1, 2), labels: null }, null);
    expect(Object.keys(unzipSync(readFileSync(path)))).toEqual(['points.npy']);
  });
  it('writes the picture of points that it is given', () => {
    const path = join(folder, 'points.png');
    const picture = { width: 3, height: 2, data: new Uint8Array(18) };
    writeSamples(path, 'picture', { shape: [1, 2], data: Float32Array.of(1, 2), labels: null }, picture);
    expect(existsSync(path)).toBe(true);
    expect(sizeOf(path)).toEqual([3, 2]);
  });
});
