// @ts-check
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatReport, readReport } from './testReport.mjs';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-report-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Writes a result as vitest does.
 *
 * @param {string} project
 * @param {object} result
 */
function written(project, result) {
  const file = join(folder, `${project}.json`);
  writeFileSync(file, JSON.stringify(result));
  return { project, file };
}

/**
 * @param {string} status
 * @param {string} title
 * @param {string[]} ancestorTitles
 */
const test = (status, title, ancestorTitles = []) => ({
  ancestorTitles,
  fullName: [...ancestorTitles, title].join(' '),
  status,
  failureMessages: status === 'failed' ? ['AssertionError: expected 1 to be 2\n    at x.ts:1:1'] : [],
});

const good = () =>
  written('good', {
    success: true,
    testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults: [test('passed', 'adds')] }],
  });

describe('readReport', () => {
  it('adds up projects, and names failures and skipped suites', () => {
    const other = written('other', {
      success: false,
      testResults: [
        {
          name: 'b.test.ts',
          status: 'failed',
          assertionResults: [
            test('failed', 'is two', ['sum']),
            test('skipped', 'one', ['on tensorflow (skipped: not installed)']),
            test('pending', 'two', ['on tensorflow (skipped: not installed)']),
            test('todo', 'later'),
          ],
        },
      ],
    });
    const report = readReport([good(), other], 1);
    expect(formatReport(report)).toBe(
      [
        '',
        'Skipped:',
        '  other: on tensorflow (skipped: not installed) (2 tests)',
        '  other: later',
        'Failed:',
        '  other: sum is two: AssertionError: expected 1 to be 2',
        '1 passed, 1 failed, 3 skipped',
      ].join('\n'),
    );
  });

  it('leaves the skipped out of the last line when there are none', () => {
    expect(formatReport(readReport([good()], 0))).toBe('\n1 passed, 0 failed');
  });

  it('counts a file that does not load as a failure', () => {
    const result = written('unloadable', {
      success: false,
      testResults: [
        { name: 'c.test.ts', status: 'failed', message: 'Cannot find ./x', assertionResults: [] },
      ],
    });
    expect(readReport([good(), result], 1).failures).toEqual([
      'unloadable: c.test.ts failed outside of its tests: Cannot find ./x',
    ]);
  });

  it.each([
    ['is missing', { project: 'p', file: '/nowhere/p.json' }],
    ['is cut off', { project: 'p', file: '' }],
  ])('counts a result that %s as a failure', (_, result) => {
    if (result.file === '') {
      result.file = join(folder, 'cut.json');
      writeFileSync(result.file, '{"success": tr');
    }
    expect(readReport([good(), result], 0).failures).toEqual([
      'p: vitest left no readable result: it crashed, or there is no test target',
    ]);
  });

  it('counts a project without tests as a failure', () => {
    const empty = written('empty', { success: true, testResults: [] });
    expect(readReport([good(), empty], 0).failures).toEqual(['empty: has a test target but no tests']);
  });

  it('does not pass when vitest or nx failed for another reason', () => {
    const unhandled = written('unhandled', {
      success: false,
      testResults: [{ name: 'd.test.ts', status: 'passed', assertionResults: [test('passed', 'x')] }],
    });
    expect(readReport([unhandled], 1).failures).toHaveLength(1);
    expect(readReport([good()], 1).failures).toHaveLength(1);
  });

  it('does not pass when there are no projects', () => {
    expect(readReport([], 0).failures).toEqual(['no test ran']);
  });
});
