import { readResult } from '../evaluation/resultFile';
import { differences, resultTable } from '../evaluation/resultTable';
import type { Terminal } from '../terminal';

/** The shortest ends of paths that tell them apart: `mnist.json`, or `a/mnist.json` beside `b/mnist.json`. */
export function shortNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.replace(/\.json$/, '').split(/[\\/]/));
  const end = (path: readonly string[], length: number) => path.slice(-length).join('/');
  const longest = Math.max(...parts.map(({ length }) => length));
  for (let length = 1; length < longest; length++) {
    const names = parts.map((path) => end(path, length));
    if (new Set(names).size === paths.length) return names;
  }
  return [...paths];
}

/**
 * `meanflow compare`.
 *
 * @returns The exit code: 1 if the results are not comparable with each other.
 * @throws UserError if a file is not a result of `meanflow eval`.
 */
export function compare(paths: readonly string[], terminal: Terminal): number {
  const names = shortNames(paths);
  const results = paths.map((path, i) => ({ name: names[i] ?? path, result: readResult(path) }));
  terminal.out(resultTable(results));
  const notes = differences(results);
  for (const note of notes) terminal.err(note);
  return notes.length === 0 ? 0 : 1;
}
