import { expect, it } from 'vitest';
import { join } from 'node:path';
import { scratchFolder, writeFiles } from './fakes.testdata';
import { readManifest, writeManifest } from './manifest';
import type { Manifest } from './manifest';

const manifest: Manifest = {
  format: 1,
  state: 'incomplete',
  tool: '0.1.0',
  configuration: null,
  added: ['node_modules/@tensorflow/tfjs-node'],
  changes: [{ file: 'a', before: null, ours: ['x'] }],
  result: null,
};

it('reads what it wrote', () => {
  const state = join(scratchFolder(), '.native');
  expect(readManifest(state)).toBeNull();
  writeManifest(state, manifest);
  expect(readManifest(state)).toEqual(manifest);
});

it('does not touch what another version wrote', () => {
  const state = scratchFolder();
  writeFiles(state, { 'manifest.json': '{"format":2}' });
  expect(() => readManifest(state)).toThrow(/is of another version of this program \(format 2\)/);
});
