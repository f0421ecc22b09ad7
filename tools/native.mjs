// @ts-check
// npm run native: a current TensorFlow under the native binding of this repository; see tools/tensorflow/README.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';
import { nx } from './nx.mjs';

try {
  ensureInstalled();
  if (nx(['build', '@meanflow/native', '--output-style=static']) !== 0)
    throw new Error('native: the build failed, see above.');
  const args = process.argv.slice(2);
  const isNamed = args.some((arg) => arg === '--project' || arg.startsWith('--project='));
  const project = isNamed ? [] : ['--project', workspaceRoot];
  const cli = join(workspaceRoot, 'tools/tensorflow/dist/cli.js');
  const { status, error } = spawnSync(process.execPath, [cli, ...project, ...args], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
