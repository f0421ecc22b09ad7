// @ts-check
// npm run bench: builds the bench and runs it, see tools/bench/README.md.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';
import { nx } from './nx.mjs';

try {
  ensureInstalled();
  // Bundled from the sources of all packages: nothing else needs building.
  if (nx(['build', '@meanflow/bench', '--output-style=static']) !== 0)
    throw new Error('bench: the build failed, see above.');
  const cli = join(workspaceRoot, 'tools/bench/dist/cli.js');
  const child = spawn(process.execPath, [cli, ...process.argv.slice(2)], { stdio: 'inherit' });
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
