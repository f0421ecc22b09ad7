import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions, OutputFile, Plugin } from 'esbuild';

/** A file beside a module, as in `new Worker(new URL('./worker.ts', import.meta.url))`. */
const besides = /new URL\(\s*(['"`])(\.{1,2}\/[^'"`$]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

const code = new Set(['.ts', '.mts', '.js', '.mjs']);

/** Names of files that have the same one, in different folders. */
const flatName = (path: string) =>
  relative('/', path)
    .replaceAll('..', '')
    .replaceAll(/[^\w.-]+/g, '_');

// tfjs starts its threads with the text of one of its functions, so no helper may be called from there: no keepNames.
function settings(files: Map<string, Uint8Array>): BuildOptions {
  return {
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@meanflow/source', 'module'],
    logLevel: 'silent',
    plugins: [filesBeside(files), urlImports(files)],
  };
}

/**
 * Brings along what modules name by `new URL('./name', import.meta.url)`: code is bundled, as what a worker runs, and
 * any other file copied. Vite does so in the page; esbuild does not.
 */
function filesBeside(files: Map<string, Uint8Array>): Plugin {
  return {
    name: 'files-beside',
    setup(esbuild) {
      esbuild.onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const named = [...text.matchAll(besides)].map(([, , target = '']) => target);
        if (named.length === 0) return undefined;
        const names = new Map<string, string>();
        for (const target of new Set(named)) {
          const name = await bring(resolve(dirname(path), target), files);
          if (name !== null) names.set(target, name);
        }
        const contents = text.replaceAll(besides, (whole, _quote, target: string) => {
          const name = names.get(target);
          return name === undefined ? whole : `new URL('./${name}', import.meta.url)`;
        });
        return { contents, loader: extname(path).endsWith('ts') ? 'ts' : 'js' };
      });
    },
  };
}

/** `import url from './name?url'`: the address of a file that is copied as it is, as with vite. */
function urlImports(files: Map<string, Uint8Array>): Plugin {
  return {
    name: 'url-imports',
    setup(esbuild) {
      esbuild.onResolve({ filter: /\?url$/ }, async ({ path, resolveDir, kind }) => {
        const { path: file, errors } = await esbuild.resolve(path.replace(/\?url$/, ''), {
          resolveDir,
          kind,
        });
        return errors.length > 0 ? { errors } : { path: file, namespace: 'url-imports' };
      });
      esbuild.onLoad({ filter: /.*/, namespace: 'url-imports' }, async ({ path }) => {
        const name = `raw_${flatName(path)}`;
        files.set(name, await readFile(path));
        return { contents: `export default new URL('./${name}', import.meta.url).href;` };
      });
    },
  };
}

/** Adds a file to those that are served; its name there, or null if there is no such file. */
async function bring(file: string, files: Map<string, Uint8Array>): Promise<string | null> {
  const isCode = code.has(extname(file));
  const name = isCode ? `${flatName(file).replace(/\.[^.]+$/, '')}.js` : flatName(file);
  if (files.has(name)) return name;
  files.set(name, new Uint8Array()); // two modules may name each other
  try {
    if (!isCode) files.set(name, await readFile(file));
    else for (const { contents } of await bundleFile(file, files)) files.set(name, contents);
    return name;
  } catch (error) {
    files.delete(name);
    // A name that is made for another bundler, or for a file of the built package.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || String(error).includes('Could not resolve'))
      return null;
    throw error;
  }
}

async function bundleFile(entry: string, files: Map<string, Uint8Array>): Promise<OutputFile[]> {
  const { outputFiles } = await build({ ...settings(files), entryPoints: [entry] });
  return outputFiles ?? [];
}

/** A module and all that it needs, to be served from memory. */
export interface Bundle {
  /** Name of the module itself. */
  readonly entry: string;
  /** By name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Bundles a TypeScript module of this repository, from the sources of its packages, for a browser.
 *
 * @throws Error with esbuild's messages if it cannot be bundled, as when it imports a module of Node.
 */
export async function bundleEntry(entryFile: string): Promise<Bundle> {
  const files = new Map<string, Uint8Array>();
  const [output] = await bundleFile(entryFile, files);
  if (output === undefined) throw new Error(`internal: esbuild wrote nothing for ${entryFile}.`);
  const entry = `${basename(entryFile).replace(/\.[^.]+$/, '')}.entry.js`;
  files.set(entry, output.contents);
  return { entry, files };
}

/** Folder of the WebAssembly files of tfjs, for its `setWasmPaths`. */
export function tfjsWasmFolder(): string {
  return dirname(
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'),
  );
}
