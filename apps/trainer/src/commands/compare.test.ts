import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeResult } from '../evaluation/resultFile';
import { resultWith } from '../evaluation/resultFile.testdata';
import { compare, shortNames } from './compare';

it('shortens paths as far as they differ', () => {
  expect(shortNames(['runs/a/eval.json', 'runs/b/eval.json'])).toEqual(['a/eval', 'b/eval']);
  expect(shortNames(['x/mf.json', 'y/fm.json'])).toEqual(['mf', 'fm']);
  expect(shortNames(['same.json', 'same.json'])).toEqual(['same.json', 'same.json']);
});

it('prints a table, and complains of what is not comparable', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-compare-'));
  try {
    const [a, b, c] = ['a.json', 'b.json', 'c.json'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
    writeResult(a, resultWith({ 1: 1 }));
    writeResult(b, resultWith({ 1: 2 }));
    writeResult(c, resultWith({ 1: 2 }, { reference: { name: 'other', count: 3 } }));
    const [out, err]: [string[], string[]] = [[], []];
    const terminal = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), screen: null, program: 'meanflow' }; // prettier-ignore
    expect(compare([a, b], terminal)).toBe(0);
    expect([out.length, err.length]).toEqual([1, 0]);
    expect(compare([a, c], terminal)).toBe(1);
    expect(err.join()).toContain('reference is');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
