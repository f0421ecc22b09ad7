import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder, writeFiles } from './fakes.testdata';
import { findNodeHeaders } from './nodeHeaders';

const NOTHING = { env: {}, execPath: '/none/bin/node', packaged: null };

function withHeaders(): string {
  const folder = scratchFolder();
  writeFiles(folder, { 'include/node/node_api.h': '', 'include/node/common.gypi': '{}' });
  return folder;
}

describe('findNodeHeaders', () => {
  it('takes what is named, then what npm is set to, then what is beside Node.js', () => {
    const [named, npm, beside] = [withHeaders(), withHeaders(), withHeaders()];
    const all = { env: { npm_config_nodedir: npm }, execPath: join(beside, 'bin/node'), packaged: null };
    expect(findNodeHeaders(named, '', all)).toEqual({ source: 'named', folder: named });
    expect(findNodeHeaders(undefined, '', all)).toEqual({ source: 'npm', folder: npm });
    expect(findNodeHeaders(undefined, '', { ...all, env: {} })).toEqual({
      source: 'beside node',
      folder: beside,
    });
    const empty = { ...all, env: { npm_config_nodedir: scratchFolder() } };
    expect(findNodeHeaders(undefined, '', empty).source).toBe('beside node');
  });

  it('makes a folder of the headers in a package', () => {
    const [packaged, scratch] = [scratchFolder(), scratchFolder()];
    const names = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];
    writeFiles(packaged, Object.fromEntries(names.map((name) => [`include/${name}`, ''])));
    const found = findNodeHeaders(undefined, scratch, { ...NOTHING, packaged });
    expect(found).toEqual({ source: 'node-api-headers', folder: scratch });
    for (const name of [...names, 'common.gypi'])
      expect(existsSync(join(scratch, 'include/node', name))).toBe(true);
  });

  it('leaves it to node-gyp where there are none', () => {
    expect(findNodeHeaders(undefined, '', NOTHING)).toEqual({ source: 'download', folder: null });
  });

  it('refuses a named folder without headers', () => {
    const folder = scratchFolder();
    expect(() => findNodeHeaders(folder, '', NOTHING)).toThrow(
      `--nodedir: a folder with include/node/node_api.h is expected, and ${folder} has none.`,
    );
  });
});
