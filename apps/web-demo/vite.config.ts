import { defineConfig } from 'vite';

// Threads of WebAssembly need shared memory, which a page gets only when it is isolated from other origins.
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const conditions = ['@meanflow/source', 'module', 'browser', 'development|production'];

// eslint-disable-next-line no-restricted-syntax -- vite reads a default export
export default defineConfig({
  base: './', // works under any path
  resolve: { conditions },
  build: { target: 'es2022', assetsInlineLimit: 0, sourcemap: false },
  worker: { format: 'es' },
  server: { headers: isolation },
  preview: { headers: isolation },
});
