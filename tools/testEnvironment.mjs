// @ts-check
// Prints what tests find outside of the repository and behave differently with: nx takes it for an input of theirs.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { look } from './gpu.mjs';
import { workspaceRoot } from './install.mjs';

const scope = join(workspaceRoot, 'node_modules/@tensorflow');

/**
 * The compiled files of the native binding, by their hashes: `npm run native` puts them there and takes them away.
 *
 * @returns {Record<string, string>}
 */
function nativeBinding() {
  const folders = ['tfjs-node', 'tfjs-node-gpu'].map((name) => join(scope, name, 'lib'));
  const files = folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.node'))
      .map((name) => join(folder, name)),
  );
  return Object.fromEntries(
    files
      .sort()
      .map((file) => [
        file.slice(scope.length + 1),
        createHash('sha256').update(readFileSync(file)).digest('hex'),
      ]),
  );
}

/**
 * Which TensorFlow it was compiled against.
 *
 * @returns {string | null}
 */
function nativeTensorflow() {
  const file = join(workspaceRoot, '.native/manifest.json');
  if (!existsSync(file)) return null;
  /** @type {{ result: { tensorflow: { distribution: string, version: string } } | null }} */
  const { result } = JSON.parse(readFileSync(file, 'utf8'));
  return result === null ? null : `${result.tensorflow.distribution} ${result.tensorflow.version}`;
}

const shared = process.env['MEANFLOW_SHARED'] ?? join(workspaceRoot, '../shared');
console.log(
  JSON.stringify({
    tensorflow: readdirSync(scope), // backends may be installed beside the lock
    nativeBinding: nativeBinding(),
    nativeTensorflow: nativeTensorflow(),
    withoutGpu: look(), // Chromium, and the driver that stands in for a GPU
    mnist: existsSync(join(shared, 'data/mnist')),
  }),
);
