// @ts-check
import { readFileSync } from 'node:fs';

/** @typedef {{ ancestorTitles: string[], fullName: string, status: string, failureMessages?: string[] | null }} TestResult */
/** @typedef {{ name: string, status: string, message?: string, assertionResults: TestResult[] }} FileResult */
/** @typedef {{ success: boolean, testResults: FileResult[] }} ProjectResult */

/**
 * What happened to the tests.
 *
 * @typedef {object} Report
 * @property {number} passed
 * @property {number} skipped
 * @property {string[]} failures Failed tests by name, and whatever else went wrong: each counts as one failure.
 * @property {Map<string, number>} skips Suites (or single tests) that were skipped, with how many tests; the reason is
 *   in the title.
 */

/**
 * Reads what vitest wrote for one project. A file that could not be loaded has no tests in it, and counts as one
 * failure; so does a project without a readable result.
 *
 * @param {string} project Its folder, for the names.
 * @param {string} file The JSON report.
 * @param {Report} report Added to.
 */
function addProject(project, file, report) {
  /** @type {ProjectResult} */
  let result;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    report.failures.push(
      `${project}: vitest left no readable result: it crashed, or there is no test target`,
    );
    return;
  }
  const failuresBefore = report.failures.length;
  let tests = 0;
  for (const { name, status, message, assertionResults } of result.testResults) {
    const failuresOfFile = report.failures.length;
    for (const test of assertionResults) {
      tests++;
      addTest(project, test, report);
    }
    if (status === 'failed' && report.failures.length === failuresOfFile) {
      report.failures.push(`${project}: ${name} failed outside of its tests: ${firstLine(message)}`);
    }
  }
  if (report.failures.length > failuresBefore) return;
  if (tests === 0) report.failures.push(`${project}: has a test target but no tests`);
  else if (!result.success) report.failures.push(`${project}: vitest reports failure, but no test failed`);
}

/**
 * @param {string} project
 * @param {TestResult} test
 * @param {Report} report Added to.
 */
function addTest(project, test, report) {
  if (test.status === 'passed') {
    report.passed++;
  } else if (test.status === 'failed') {
    report.failures.push(`${project}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`);
  } else {
    report.skipped++;
    const title = `${project}: ${test.ancestorTitles[0] ?? test.fullName}`;
    report.skips.set(title, (report.skips.get(title) ?? 0) + 1);
  }
}

/**
 * @param {string | undefined} message
 * @returns {string}
 */
function firstLine(message) {
  return message?.split('\n').find((line) => line.trim() !== '') ?? 'no message';
}

/**
 * Adds up the results of all projects.
 *
 * @param {{ project: string, file: string }[]} results Every project that has tests, with where its result should be.
 * @param {number} exitCode Of the run as a whole: if it failed, there is at least one failure.
 * @returns {Report}
 */
export function readReport(results, exitCode) {
  /** @type {Report} */
  const report = { passed: 0, skipped: 0, failures: [], skips: new Map() };
  for (const { project, file } of results) addProject(project, file, report);
  if (report.failures.length === 0 && exitCode !== 0) {
    report.failures.push(
      `the run ended with exit code ${exitCode}, although no test failed: see the output above`,
    );
  }
  if (report.failures.length === 0 && report.passed === 0) report.failures.push('no test ran');
  return report;
}

/**
 * The report as text. Its last line is `N passed, N failed`, and `, N skipped` if some were.
 *
 * @param {Report} report
 * @returns {string}
 */
export function formatReport({ passed, skipped, failures, skips }) {
  const lines = [''];
  if (skips.size > 0) lines.push('Skipped:');
  for (const [title, count] of skips) lines.push(`  ${title}${count > 1 ? ` (${count} tests)` : ''}`);
  if (failures.length > 0) lines.push('Failed:');
  for (const failure of failures) lines.push(`  ${failure}`);
  lines.push(`${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return lines.join('\n');
}
