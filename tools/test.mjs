// @ts-check
// npm test: installs what is missing, runs the tests of every project, and says in its last line how they went.
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';
import { nx } from './nx.mjs';
import { formatReport, readReport } from './testReport.mjs';

const resultFolder = join(workspaceRoot, '.test-results');

/**
 * Every project with a test target, whether nx ran it or not, with the result file that vitest.config.ts names.
 *
 * @returns {{ project: string, file: string }[]}
 */
function testedProjects() {
  const folders = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(workspaceRoot, parent)).map((name) => `${parent}/${name}`),
  );
  return ['.', ...folders].flatMap((folder) => {
    const file = join(workspaceRoot, folder, 'package.json');
    if (!existsSync(file)) return [];
    const manifest = /** @type {{ nx?: { targets?: Record<string, object> } }} */ (
      JSON.parse(readFileSync(file, 'utf8'))
    );
    if (manifest.nx?.targets?.['test'] === undefined) return [];
    const project = folder === '.' ? 'tools' : folder;
    return [{ project, file: join(resultFolder, `${project}.json`) }];
  });
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
