import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from './userError';

/** Where the headers of Node-API come from. The binding uses nothing else of Node.js, so those of any version will do. */
export interface NodeHeaders {
  readonly source: 'named' | 'npm' | 'beside node' | 'node-api-headers' | 'download';
  /** What node-gyp calls nodedir; null if it downloads them. */
  readonly folder: string | null;
}

const NEEDED = ['node_api.h', 'common.gypi'];
const HEADERS = ['node_api.h', 'node_api_types.h', 'js_native_api.h', 'js_native_api_types.h'];

const isComplete = (folder: string) => NEEDED.every((name) => existsSync(join(folder, 'include/node', name)));

/** What the choice depends on; for tests. */
export interface HeaderSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execPath: string;
  /** Folder of the package node-api-headers; null if it is not installed. */
  readonly packaged: string | null;
}

const surroundings = (): HeaderSurroundings => ({
  env: process.env,
  execPath: process.execPath,
  packaged: packagedHeaders(),
});

function packagedHeaders(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'));
  } catch {
    return null;
  }
}

/**
 * Finds the headers: where --nodedir or npm's setting of that name says, else beside the running Node.js, else in the package
 * node-api-headers, of which a folder like Node's is made in `scratch`. Only if there are none, node-gyp downloads them.
 *
 * @throws UserError if --nodedir names a folder without headers.
 */
export function findNodeHeaders(
  named: string | undefined,
  scratch: string,
  { env, execPath, packaged }: HeaderSurroundings = surroundings(),
): NodeHeaders {
  if (named !== undefined) {
    if (isComplete(named)) return { source: 'named', folder: resolve(named) };
    throw new UserError(
      `--nodedir: a folder with include/node/node_api.h is expected, and ${named} has none.`,
      2,
    );
  }
  const configured = env['npm_config_nodedir'];
  if (configured !== undefined && isComplete(configured)) return { source: 'npm', folder: configured };
  const beside = dirname(dirname(execPath));
  if (isComplete(beside)) return { source: 'beside node', folder: beside };
  if (packaged !== null) return { source: 'node-api-headers', folder: layOut(packaged, scratch) };
  return { source: 'download', folder: null };
}

/** Makes a folder like that of an installed Node.js: node-gyp expects its common.gypi too. */
function layOut(packaged: string, scratch: string): string {
  const folder = join(scratch, 'include/node');
  mkdirSync(folder, { recursive: true });
  for (const name of HEADERS) copyFileSync(join(packaged, 'include', name), join(folder, name));
  copyFileSync(
    fileURLToPath(new URL('../binding/common.gypi', import.meta.url)),
    join(folder, 'common.gypi'),
  );
  return scratch;
}
