// Turns a checkpoint of `meanflow train` into a model for the page: averaged weights as halves, with the configuration
// and the step in the metadata, and the hash of the checkpoint's own file, so that its origin is known.
//
//   node apps/web-demo/tools/pageModel.mjs runs/digits apps/web-demo/public/models/digits/digits-meanflow.safetensors
//
// Run `npx nx build @meanflow/safetensors` before.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, toFloat16, toFloat32 } from '@meanflow/safetensors';

/**
 * The averaged weights of a run, of one of its checkpoints, or a weights file itself.
 *
 * @param {string} path
 */
function weightsFile(path) {
  if (path.endsWith('.safetensors')) return path;
  const steps = join(path, 'checkpoints');
  const newest = existsSync(steps)
    ? readdirSync(steps)
        .filter((name) => /^step-\d+$/.test(name))
        .sort()
        .at(-1)
    : undefined;
  return join(newest === undefined ? path : join(steps, newest), 'ema.safetensors');
}

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error(
    'pageModel: a run and a file to write must be named. Usage: pageModel.mjs RUN FILE.safetensors',
  );
  process.exit(2);
}
const source = weightsFile(from);

/** The weights, or the end with a sentence. */
function readWeights() {
  if (!existsSync(source)) {
    console.error(
      `pageModel: ${from} must be a run, a checkpoint or a weights file, and there is no ${source}.`,
    );
    process.exit(2);
  }
  try {
    const read = readFileSync(source);
    return { bytes: read, ...decodeSafetensors(read) };
  } catch (error) {
    console.error(
      `pageModel: ${source} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exit(1);
  }
}
const { bytes, tensors, metadata } = readWeights();
const halves = Object.entries(tensors).map(([name, tensor]) => {
  const data = toFloat16(toFloat32(tensor));
  if (data.some((bits) => (bits & 0x7c00) === 0x7c00)) {
    console.error(`pageModel: weights must be finite and at most 65504, and ${name} has others.`);
    process.exit(1);
  }
  return [name, { dtype: /** @type {const} */ ('F16'), shape: tensor.shape, data }];
});

/** The configuration as text, without the folder that the data lay in: it is of this machine alone. */
function withoutFolder(/** @type {string | undefined} */ text) {
  if (text === undefined) return {};
  const config = JSON.parse(text);
  if (config.data?.folder !== undefined) config.data.folder = null;
  return { config: JSON.stringify(config) };
}
const sourceHash = createHash('sha256').update(bytes).digest('hex');
const page = encodeSafetensors(Object.fromEntries(halves), {
  ...metadata,
  ...withoutFolder(metadata['config']),
  sourceHash,
});
mkdirSync(dirname(to), { recursive: true });
writeFileSync(to, page);
console.log(
  `${to}: ${page.length} bytes, step ${metadata['step']}, from ${sourceHash.slice(0, 12)} of ${source}`,
);
