import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** A decoder's worker, built from the sources: threads of Node 20 cannot run TypeScript. */
export async function buildWorker(): Promise<{ readonly file: string; remove(): void }> {
  const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
  const folder = mkdtempSync(join(packageRoot, '../../node_modules/.worker-')); // where imports resolve
  await build({
    entry: { decodeWorker: join(packageRoot, 'src/node/decodeWorker.ts') },
    ...{ outDir: folder, format: 'esm', target: 'node20', platform: 'node' },
    ...{ config: false, silent: true, clean: false, dts: false, skipNodeModulesBundle: true },
    outExtension: () => ({ js: '.mjs' }),
  });
  return {
    file: join(folder, 'decodeWorker.mjs'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
