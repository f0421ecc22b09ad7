import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { headersFor, headersOf } from './tools/headers.mjs';

const PUBLIC = fileURLToPath(new URL('public', import.meta.url));
const headers = headersFor(headersOf(PUBLIC), '/');
const conditions = ['@meanflow/source', 'module', 'browser', 'development|production'];

/** Files of `public`, by path. */
function publicFiles(): string[] {
  return readdirSync(PUBLIC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/**
 * Tells the service worker its version, a hash of all that is served, and what every visit needs; what only some visits
 * need, as a backend or a model, it keeps when it was used.
 */
function serviceWorkerFiles(): Plugin {
  return {
    name: 'service-worker-files',
    generateBundle(_options, bundle) {
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') throw new Error('internal: the build made no sw.js.');
      const hash = createHash('sha256');
      for (const name of Object.keys(bundle).sort()) hash.update(name);
      for (const path of publicFiles().sort()) hash.update(relative(PUBLIC, path)).update(readFileSync(path));
      const entry = Object.values(bundle).filter(({ fileName }) =>
        /^assets\/index-.*\.(js|css)$/.test(fileName),
      );
      const files = [
        './',
        ...entry.map(({ fileName }) => fileName),
        'manifest.webmanifest',
        'icons/icon.svg',
      ];
      worker.code = worker.code
        .replace('__MEANFLOW_VERSION__', hash.update(worker.code).digest('hex').slice(0, 12))
        .replace('__MEANFLOW_FILES__', files.join('\\n'));
    },
  };
}

// eslint-disable-next-line no-restricted-syntax -- vite reads a default export
export default defineConfig({
  base: './', // works under any path
  resolve: { conditions },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', sw: 'src/offline/serviceWorker.ts' },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  plugins: [serviceWorkerFiles()],
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
});
