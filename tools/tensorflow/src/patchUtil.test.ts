import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { scratchFolder, writeFiles } from './fakes.testdata';
import { filesToPatch, patchUtil } from './patchUtil';

/** Runs a CommonJS module for which `util` is empty, as far as these functions go. */
function load(text: string): Record<string, (x: unknown) => unknown> {
  const exports = {};
  runInNewContext(text, { exports, require: () => ({}), Array, Buffer });
  return exports;
}

it('replaces what Node.js 23 removed by what computes the same', () => {
  const { isNothing, isList, isText } = load(
    patchUtil(
      `var util_1 = require("util");
      exports.isNothing = (x) => (0, util_1.isNullOrUndefined)(x) ? 1 : 2;
      exports.isList = (x) => (0, util_1.isArray)(x);
      exports.isText = (x) => util_1.isString(x);`,
    ),
  );
  expect([null, undefined, 0, false, ''].map((x) => isNothing!(x))).toEqual([1, 1, 2, 2, 2]);
  expect([[], {}, 'a'].map((x) => isList!(x))).toEqual([true, false, false]);
  expect(['a', 1].map((x) => isText!(x))).toEqual([true, false]);
});

it('changes nothing twice', () => {
  const once = patchUtil("const util = require('node:util'); util.isNullOrUndefined(1);");
  expect(once).not.toContain('util.isNullOrUndefined');
  expect(patchUtil(once)).toBe(once);
});

it.each([
  'var util_1 = require("util"); exports.f = (0, util_1.promisify)(g);', // is still there
  'var util_1 = require("@tensorflow/tfjs-core/dist/util"); (0, util_1.isString)(x);', // another module
  'var util_2 = require("util"); (0, util_1.isArray)(x);', // another variable
  'var util_1 = require("util"); util_1.isArrayBuffer(x); myutil_1.isArray(x);', // longer names
])('leaves alone %s', (text) => {
  expect(patchUtil(text)).toBe(text);
});

it('finds the files of a package that need it', () => {
  const folder = scratchFolder();
  const old = 'var util_1 = require("util");\n(0, util_1.isArray)([]);\n';
  writeFiles(folder, {
    'a.js': old,
    'kernels/b.js': old,
    'c_test.js': old,
    'd.ts': old,
    'e.js': 'exports.e = 1;',
  });
  const files = filesToPatch(folder);
  expect(files.map(({ file }) => basename(file))).toEqual(['a.js', 'b.js']);
  expect(files[0]!.text).toContain('Array.isArray([])');
  expect(readFileSync(files[0]!.file, 'utf8')).toBe(old);
});
