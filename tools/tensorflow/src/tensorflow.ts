import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLine } from './command';
import type { Run } from './command';
import { architectureOfFile, libraryNames } from './libraries';
import type { Machine } from './machine';
import type { Python } from './python';
import { UserError } from './userError';

/** A TensorFlow that the binding can be compiled against. */
export interface Tensorflow {
  /** The folder of the Python package: `include` and the libraries lie in it. */
  readonly folder: string;
  /** Name of what pip installed, e.g. `tensorflow_cpu`. */
  readonly distribution: string;
  readonly version: string;
  readonly libraries: readonly TensorflowLibrary[];
}

/** A library of TensorFlow. */
interface TensorflowLibrary {
  readonly name: string;
  readonly bytes: number;
  /** As the wheel's own record states it, e.g. `sha256=...`; null if it does not. */
  readonly hash: string | null;
}

/** What the binding's sources include, and what they are read by. */
const HEADERS = [
  'tensorflow/c/c_api.h',
  'tensorflow/c/eager/c_api.h',
  'tensorflow/core/platform/ctstring_internal.h',
];

/**
 * Where a Python has TensorFlow, without importing it.
 *
 * @throws UserError if it has none.
 */
export async function locateTensorflow({ executable }: Python, run: Run): Promise<string> {
  const program =
    'from importlib.util import find_spec; s = find_spec("tensorflow"); print(s.origin if s else "none")';
  const { code, out } = await run(executable, ['-c', program]);
  const origin = lastLine(out);
  if (code === 0 && origin !== 'none' && origin !== '') return dirname(origin);
  throw new UserError(
    `${executable} has no TensorFlow. Leave out --use-installed, and one is installed for this project alone.`,
  );
}

/**
 * Looks at an installed TensorFlow.
 *
 * @param folder The folder of the Python package.
 * @throws UserError if headers or libraries are missing, or the libraries are for another processor.
 */
export function inspectTensorflow(folder: string, machine: Machine): Tensorflow {
  const { distribution, version, hashes } = readRecord(folder);
  const missing = [
    ...HEADERS.map((header) => join('include', header)),
    ...libraryNames(machine.platform),
  ].find((file) => !existsSync(join(folder, file)));
  if (missing !== undefined)
    throw new UserError(
      `The TensorFlow in ${folder} (${version}) has no ${missing}, so nothing can be compiled against it. Take the wheel ` +
        'of the TensorFlow project: leave out --use-installed.',
    );
  const libraries = libraryNames(machine.platform).map((name) => {
    const file = join(folder, name);
    const arch = architectureOfFile(file);
    if (arch !== machine.arch && arch !== 'universal')
      throw new UserError(
        `${file} is for ${arch ?? 'no processor that we know'}, and this Node.js is for ${machine.arch}. Take a Node.js and a ` +
          'Python for the same processor.',
      );
    return { name, bytes: statSync(file).size, hash: hashes.get(`tensorflow/${name}`) ?? null };
  });
  return { folder, distribution, version, libraries };
}

/** What pip wrote down when it installed the package: the folder NAME-VERSION.dist-info that lists its files. */
function readRecord(folder: string): {
  distribution: string;
  version: string;
  hashes: Map<string, string>;
} {
  const site = dirname(folder);
  for (const name of existsSync(site) ? readdirSync(site) : []) {
    const match = /^(tensorflow\w*)-(\d[^-]*)\.dist-info$/.exec(name);
    const record = join(site, name, 'RECORD');
    if (match === null || !existsSync(record)) continue;
    const hashes = new Map<string, string>();
    for (const line of readFileSync(record, 'utf8').split('\n')) {
      const [file = '', hash = ''] = line.split(',');
      if (/^tensorflow\/lib[^/]*$/.test(file)) hashes.set(file, hash);
    }
    const [, distribution = '', version = ''] = match;
    // Several packages may share the folder (tensorboard's plugins, metapackages): the one with the libraries is it.
    if (hashes.size > 0) return { distribution, version, hashes };
  }
  return { distribution: 'tensorflow', version: 'of unknown version', hashes: new Map() };
}
