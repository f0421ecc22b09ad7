// The headers of every answer: public/_headers is the one place where they are written.
import { readFileSync } from 'node:fs';

/**
 * Reads a file of headers as Netlify and Cloudflare Pages know it: a pattern of paths, then its headers, indented.
 *
 * @param {string} text
 * @returns {{ pattern: string, headers: [name: string, value: string][] }[]}
 */
export function readHeaders(text) {
  /** @type {{ pattern: string, headers: [name: string, value: string][] }[]} */
  const rules = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = /^\s+([^:]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) rules.push({ pattern: line.trim(), headers: [] });
    else rules.at(-1)?.headers.push([name, value]);
  }
  return rules;
}

/**
 * The headers of a path; later rules count.
 *
 * @param {ReturnType<typeof readHeaders>} rules
 * @param {string} path Begins with a slash.
 * @returns {Record<string, string>}
 */
export function headersFor(rules, path) {
  const fits = (/** @type {string} */ pattern) =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
  return Object.fromEntries(rules.filter(({ pattern }) => fits(pattern)).flatMap(({ headers }) => headers));
}

/**
 * The rules of a built page.
 *
 * @param {string} folder
 */
export function headersOf(folder) {
  return readHeaders(readFileSync(`${folder}/_headers`, 'utf8'));
}
