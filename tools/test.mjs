// @ts-check
// npm test: installs what is missing, runs the tests of every project, and says in its last line how they went.
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';
import { nx } from './nx.mjs';
import { formatReport, readReport } from './testReport.mjs';

const resultFolder = join(workspaceRoot, '.test-results');

/**
 * Whether a project means to be tested: it has a target or a test, and one without the other is reported as missing.
 *
 * @param {string} folder Relative to the workspace.
 */
function isTested(folder) {
  const root = join(workspaceRoot, folder);
  if (!existsSync(join(root, 'package.json'))) return false;
  const manifest = /** @type {{ nx?: { targets?: Record<string, object> } }} */ (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  );
  const sources = join(root, 'src');
  return (
    manifest.nx?.targets?.['test'] !== undefined ||
    (existsSync(sources) &&
      readdirSync(sources, { recursive: true }).some((file) => String(file).endsWith('.test.ts')))
  );
}

/**
 * Every project with tests, whether nx ran it or not, with the result file that vitest.config.ts names.
 *
 * @returns {{ project: string, file: string }[]}
 */
function testedProjects() {
  const manifest = /** @type {{ workspaces: string[] }} */ (
    JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8'))
  );
  const folders = manifest.workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -'/*'.length);
    return readdirSync(join(workspaceRoot, parent)).map((name) => `${parent}/${name}`);
  });
  return [...folders.filter(isTested), 'tools'].map((project) => ({
    project,
    file: join(resultFolder, `${project}.json`),
  }));
}

try {
  ensureInstalled();
  // A result that is there afterwards is of this run, or was restored by nx because nothing has changed since.
  rmSync(resultFolder, { recursive: true, force: true });
  const exitCode = nx(['run-many', '-t', 'test', '--parallel=2']);
  const report = readReport(testedProjects(), exitCode);
  console.log(formatReport(report));
  process.exitCode = report.failures.length > 0 ? 1 : 0;
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
