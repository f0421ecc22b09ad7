import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResult, writeResult } from './resultFile';
import { resultWith } from './resultFile.testdata';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-result-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('readResult', () => {
  it('reads what was written', () => {
    const path = join(folder, 'a.json');
    const result = resultWith({ 1: 12.5, 2: 8 });
    writeResult(path, result);
    expect(readResult(path)).toEqual(result);
  });
  it('keeps what a later version may add to the description of images', () => {
    const path = join(folder, 'b.json');
    const result = resultWith({ 1: 1 });
    writeResult(path, { ...result, images: { ...result.images, step: 800 } });
    expect(readResult(path).images['step']).toBe(800);
  });
  it.each([
    ['nothing', '{}', /must be a result of meanflow eval, but format/],
    ['no JSON', 'hello', /must be a result of meanflow eval: /],
    ['an unknown metric', JSON.stringify({ ...resultWith({ 1: 1 }), results: [{ nfe: 1, metrics: { fidd: 1 }, notes: [], seconds: 1 }] }), /results\.0\.metrics/], // prettier-ignore
  ])('refuses %s in one sentence', (_, text, message) => {
    const path = join(folder, 'bad.json');
    writeFileSync(path, text);
    expect(() => readResult(path)).toThrow(message);
  });
  it('says so where there is no file', () => {
    expect(() => readResult(join(folder, 'missing.json'))).toThrow(/no such file/);
  });
});
