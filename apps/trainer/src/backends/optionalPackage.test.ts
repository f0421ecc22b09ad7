import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importOptional } from './optionalPackage';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-optional-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function moduleOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

it('imports what is there', async () => {
  expect(await importOptional(moduleOf('a.mjs', 'export const answer = 42;'))).toMatchObject({
    state: 'loaded',
    module: { answer: 42 },
  });
});

it('swallows what a package prints while it is loaded, and nothing later', async () => {
  expect(
    (await importOptional(moduleOf('b.mjs', 'console.log("hello"); console.warn("buy more");'))).state,
  ).toBe('loaded');
  // vitest.setup.ts fails a test that prints
});

it('knows a package that is not installed from one that does not load', async () => {
  expect(await importOptional('@meanflow/no-such-package')).toEqual({ state: 'absent' });
  const broken = moduleOf('c.mjs', 'throw new Error("built for another Node. \\nmore");');
  expect(await importOptional(broken)).toEqual({ state: 'broken', reason: 'built for another Node' });
});
