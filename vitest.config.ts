import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';

// One configuration for every project: vitest runs with the project's folder as its root.
const project = basename(process.cwd());

export default defineConfig(({ mode }) => ({
  resolve: { conditions: ['@meanflow/source'] },
  ssr: { resolve: { conditions: ['@meanflow/source', 'node', 'import', 'default'] } },
  test: {
    include: mode === 'long' ? ['src/**/*.long.ts'] : ['src/**/*.test.ts'],
    passWithNoTests: true,
    testTimeout: mode === 'long' ? 1_800_000 : 120_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: ['default', 'json'],
    outputFile: { json: `../../.test-results/${project}.json` },
  },
}));
