import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig } from 'tsup';

interface Manifest {
  exports?: Record<string, { '@meanflow/source': string }>;
  bin?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

// One configuration for every project: tsup runs in the project's own folder. By tsup's own rule `dependencies` and
// `peerDependencies` stay imports and everything else is compiled in: so a library's devDependency on the private
// @meanflow/random is part of its bundle, and an application, whose @meanflow/* are all devDependencies, holds them
// all. `tools/pack-check.mjs` verifies that nothing else got in.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const isApp = manifest.bin !== undefined;

/** `./src/node/index.ts` -> `node/index`: the names that `exports` points at in dist. */
function libraryEntries(): Record<string, string> {
  return Object.fromEntries(
    Object.values(manifest.exports ?? {}).map(({ '@meanflow/source': source }) => [
      source.replace('./src/', '').replace(/\.ts$/, ''),
      source,
    ]),
  );
}

/**
 * What threads of an application run, e.g. `decodeWorker`: the exports named so of the packages that are compiled into
 * it. Their code looks for them beside the file that it has become a part of.
 */
function workerEntries(): Record<string, string> {
  const folders = Object.keys(manifest.devDependencies ?? {})
    .filter((name) => name.startsWith('@meanflow/'))
    .map((name) => realpathSync(`../../node_modules/${name}`));
  return Object.fromEntries(
    folders.flatMap((folder) => {
      const { exports = {} } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest;
      return Object.entries(exports)
        .filter(([name]) => name.endsWith('Worker'))
        .map(([name, { '@meanflow/source': source }]) => [basename(name), `${folder}/${source}`]);
    }),
  );
}

/**
 * Where the types of compiled-in packages lie. What TypeScript finds by a path it takes for source of this package and
 * writes into the declarations; what it finds through node_modules stays an import.
 */
function pathsOfCompiledIn(): Record<string, string[]> {
  return Object.fromEntries(
    Object.keys(manifest.devDependencies ?? {})
      .filter((name) => name.startsWith('@meanflow/'))
      .map((name) => [name, [`${realpathSync(`../../node_modules/${name}`)}/src/index.ts`]]),
  );
}

export default defineConfig({
  entry: isApp ? { cli: 'src/cli.ts', ...workerEntries() } : libraryEntries(),
  format: 'esm',
  target: 'node20',
  platform: isApp ? 'node' : 'neutral',
  external: [/^node:/],
  removeNodeProtocol: false,
  clean: true,
  sourcemap: true,
  silent: true,
  dts: isApp ? false : { compilerOptions: { paths: pathsOfCompiledIn() } },
  esbuildOptions(options) {
    options.conditions = ['@meanflow/source'];
  },
});
