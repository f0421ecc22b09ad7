import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Functions of Node's `util` that Node.js 23 removed, and what they are: the binding's JavaScript calls the first two, so
 * that it loads and then fails at its first operation.
 */
const removed: Readonly<Record<string, string>> = {
  isNullOrUndefined: '((x) => x == null)',
  isArray: 'Array.isArray',
  isNull: '((x) => x === null)',
  isUndefined: '((x) => x === undefined)',
  isBoolean: "((x) => typeof x === 'boolean')",
  isNumber: "((x) => typeof x === 'number')",
  isString: "((x) => typeof x === 'string')",
  isSymbol: "((x) => typeof x === 'symbol')",
  isFunction: "((x) => typeof x === 'function')",
  isObject: "((x) => x !== null && typeof x === 'object')",
  isPrimitive: "((x) => x === null || (typeof x !== 'object' && typeof x !== 'function'))",
  isBuffer: 'Buffer.isBuffer',
};

/**
 * Replaces what a CommonJS file takes from `util` and no longer finds there, by the same in the language itself. Only calls
 * through the variable that holds `require("util")` are touched: tfjs has modules of that name too.
 *
 * @returns The text, unchanged if nothing had to be replaced.
 */
export function patchUtil(text: string): string {
  let patched = text;
  for (const [, variable = ''] of text.matchAll(
    /\b(?:var|let|const) (\w+) = require\(["'](?:node:)?util["']\)/g,
  )) {
    for (const [name, replacement] of Object.entries(removed)) {
      const called = new RegExp(
        String.raw`(?:\(0, ${variable}\.${name}\)|\b${variable}\.${name})(?=\()`,
        'g',
      );
      patched = patched.replace(called, () => replacement);
    }
  }
  return patched;
}

/** Every file below a folder that {@link patchUtil} changes, with its new text. */
export function filesToPatch(folder: string): { file: string; text: string }[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .filter((name) => name.endsWith('.js') && !name.endsWith('_test.js'))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(file, 'utf8');
      const patched = patchUtil(text);
      return patched === text ? [] : [{ file, text: patched }];
    });
}
