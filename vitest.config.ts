import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// One configuration for every project, and for tools/: vitest runs with the project's folder as its root.
const workspaceRoot = fileURLToPath(new URL('.', import.meta.url));
const project = relative(workspaceRoot, process.cwd()).replaceAll('\\', '/') || 'tools'; // e.g. packages/jvp, as in nx.json

// Only a whole run through nx leaves a result behind for tools/test.mjs: a run of one file by hand must not.
const isWholeRun = process.env['NX_TASK_TARGET_TARGET'] === 'test';

export default defineConfig(({ mode }) => ({
  cacheDir: `${workspaceRoot}node_modules/.vite/${project}`,
  resolve: { conditions: ['@meanflow/source'] },
  ssr: { resolve: { conditions: ['@meanflow/source', 'node', 'import', 'default'] } },
  test: {
    include:
      mode === 'long'
        ? ['src/**/*.long.ts']
        : project === 'tools'
          ? ['tools/*.test.mjs']
          : ['src/**/*.test.ts'],
    benchmark: { include: ['bench/**/*.bench.ts'] },
    setupFiles: [fileURLToPath(new URL('vitest.setup.ts', import.meta.url))],
    testTimeout: mode === 'long' ? 1_800_000 : 120_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: isWholeRun ? ['default', 'json'] : ['default'],
    outputFile: { json: `${workspaceRoot}.test-results/${project}.json` },
  },
}));
