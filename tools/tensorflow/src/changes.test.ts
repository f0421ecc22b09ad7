import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { applyChanges, recordChanges, undoChanges } from './changes';
import { scratchFolder, writeFiles } from './fakes.testdata';
import { sha256 } from './files';

function world() {
  const project = scratchFolder();
  writeFiles(project, { 'pkg/a.js': 'original', 'pkg/c.js': 'untouched' });
  const places = { project, state: join(project, '.native') };
  const file = (name: string) => join(project, 'pkg', name);
  const replacements = [
    { file: file('a.js'), content: 'ours' },
    { file: file('lib/b.node'), content: Buffer.from('binding') },
  ];
  return { places, file, replacements };
}

it('replaces files, and puts back what was there', () => {
  const { places, file, replacements } = world();
  const changes = recordChanges(places, [], replacements);
  expect(changes).toEqual([
    { file: 'pkg/a.js', before: sha256('original'), ours: [sha256('ours')] },
    { file: 'pkg/lib/b.node', before: null, ours: [sha256('binding')] },
  ]);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('original'); // only written down
  expect(applyChanges(replacements)).toBe(2);
  expect(applyChanges(replacements)).toBe(0);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('ours');
  expect(recordChanges(places, changes, replacements)).toEqual(changes);
  expect(undoChanges(places, changes)).toEqual([]);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('original');
  expect(readdirSync(join(places.project, 'pkg'))).toEqual(['a.js', 'c.js']); // lib is gone too
  expect(undoChanges(places, changes)).toEqual([]);
});

it('remembers the original through several versions of ours', () => {
  const { places, file, replacements } = world();
  let changes = recordChanges(places, [], replacements);
  applyChanges(replacements);
  const next = [{ file: file('a.js'), content: 'ours, newer' }];
  changes = recordChanges(places, changes, next);
  // Killed here, the file is still our older one.
  expect(undoChanges(places, changes)).toEqual([]);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('original');
  applyChanges(next);
  expect(undoChanges(places, changes)).toEqual([]);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('original');
});

it('takes what was installed anew for the original', () => {
  const { places, file, replacements } = world();
  let changes = recordChanges(places, [], replacements);
  applyChanges(replacements);
  writeFileSync(file('a.js'), 'original of another version');
  changes = recordChanges(places, changes, replacements);
  applyChanges(replacements);
  undoChanges(places, changes);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('original of another version');
});

it('leaves what somebody else has changed, and what is gone', () => {
  const { places, file, replacements } = world();
  const changes = recordChanges(places, [], replacements);
  applyChanges(replacements);
  writeFileSync(file('a.js'), 'theirs');
  rmSync(file('lib'), { recursive: true });
  expect(undoChanges(places, changes)).toEqual(['pkg/a.js']);
  expect(readFileSync(file('a.js'), 'utf8')).toBe('theirs');
  expect(existsSync(file('lib'))).toBe(false);
});
