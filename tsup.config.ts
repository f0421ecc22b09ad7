import { existsSync, readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

interface Manifest {
  exports?: Record<string, { '@meanflow/source': string }>;
  bin?: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

// One configuration for every project: tsup runs in the project's own folder.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const isApp = manifest.bin !== undefined;
const published = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });

/** `./node` -> `node/index`, `.` -> `index`: the names that `exports` points at in dist. */
function libraryEntries(): Record<string, string> {
  return Object.fromEntries(
    Object.values(manifest.exports ?? {}).map((entry) => {
      const source = entry['@meanflow/source'];
      return [source.replace('./src/', '').replace(/\.ts$/, ''), source];
    }),
  );
}

export default defineConfig({
  entry: isApp ? { cli: 'src/cli.ts' } : libraryEntries(),
  format: 'esm',
  target: 'node20',
  platform: isApp ? 'node' : 'neutral',
  clean: true,
  sourcemap: true,
  // Private workspace packages (devDependencies) are compiled in; what is published stays an import.
  external: published,
  noExternal: [/^@meanflow\//].filter(() => true),
  dts: isApp ? false : { resolve: [/^@meanflow\/random/] },
  esbuildOptions(options) {
    options.conditions = ['@meanflow/source'];
  },
  ...(existsSync('tsconfig.json') ? { tsconfig: 'tsconfig.json' } : {}),
});
