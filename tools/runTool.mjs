// @ts-check
// node tools/runTool.mjs NAME ...: builds the tool in tools/NAME and runs it with the arguments that follow.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';
import { nx } from './nx.mjs';

const [name = '', ...args] = process.argv.slice(2);

try {
  ensureInstalled();
  // Bundled from the sources of all packages: nothing else needs building.
  if (nx(['build', `@meanflow/${name}`, '--output-style=static']) !== 0)
    throw new Error(`${name}: the build failed, see above.`);
  const cli = join(workspaceRoot, `tools/${name}/dist/cli.js`);
  const child = spawn(process.execPath, [cli, ...args], { stdio: 'inherit' });
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
