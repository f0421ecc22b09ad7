import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder, writeFiles } from './fakes.testdata';
import { makeStateFolder, openProject } from './project';

it('is the nearest folder with a package.json, or the one that is named', () => {
  const folder = scratchFolder();
  writeFiles(folder, { 'package.json': '{}', 'a/b/c.txt': '', 'd/package.json': '{}' });
  expect(openProject(undefined, join(folder, 'a/b')).folder).toBe(folder);
  expect(openProject('d', folder)).toMatchObject({
    folder: join(folder, 'd'),
    state: join(folder, 'd/.native'),
  });
  expect(() => openProject('a', folder)).toThrow(
    `--project: a folder with a package.json is expected, and ${join(folder, 'a')} is none.`,
  );
});

it('keeps git away from what is ours', () => {
  const folder = scratchFolder();
  writeFiles(folder, { 'package.json': '{}' });
  const project = openProject(undefined, folder);
  makeStateFolder(project);
  expect(readFileSync(join(project.state, '.gitignore'), 'utf8')).toBe('*\n');
});
