import { isAbsolute, relative, sep } from 'node:path';

/** What the file says: paths are absolute. */
export interface BindingGyp {
  readonly platform: NodeJS.Platform;
  /** TensorFlow's folder, with `include` and the libraries. */
  readonly tensorflow: string;
  /** Names of the libraries in it. */
  readonly libraries: readonly string[];
  /** Where the compiled files come to lie. */
  readonly bindingFolder: string;
  /** The project: a TensorFlow inside of it is found again when the project is moved. */
  readonly project: string;
  readonly napi: number;
}

/** The binding proper, which is linked to TensorFlow; the other file loads it, see binding/loader.cc. */
export const INNER_NAME = 'tfjs_binding_tensorflow';
export const OUTER_NAME = 'tfjs_binding';
/** The sources in the package, relative to it. */
export const SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc'];
export const INCLUDED = [
  'napi_auto_ref.h',
  'tf_auto_status.h',
  'tf_auto_tensor.h',
  'tfe_auto_op.h',
  'tfjs_backend.h',
  'utils.h',
];

const isInside = (folder: string, parent: string) => {
  const path = relative(parent, folder);
  return path !== '' && !path.startsWith('..') && !isAbsolute(path);
};

/**
 * Where the loader finds TensorFlow's libraries at run time. They are neither linked nor copied anywhere: they find CUDA's
 * libraries beside their own folder.
 */
export function runPath({ platform, tensorflow, bindingFolder, project }: BindingGyp): string {
  if (!isInside(tensorflow, project) || !isInside(bindingFolder, project)) return tensorflow;
  const origin = platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  return `${origin}/${relative(bindingFolder, tensorflow).replaceAll(sep, '/')}`;
}

/**
 * The name by which TensorFlow's folder is linked into the folder that node-gyp works in, while it does: paths with spaces do
 * not survive gyp and make.
 */
export const LINK = 'tensorflow';
/** The same from where make runs. */
const MADE_IN = `../${LINK}`;

/** For a shell, through make. */
const quoted = (flag: string) => `'${flag.replaceAll("'", String.raw`'\''`).replaceAll('$', '$$$$')}'`;

/**
 * The instructions to node-gyp: the package's own sources, TensorFlow's headers and libraries where pip put them. The
 * binding.gyp of the package has its folders written in, and stays as it is.
 */
export function bindingGyp(options: BindingGyp): string {
  const { platform, libraries, napi } = options;
  const library = (name: string) => (platform === 'darwin' ? `${MADE_IN}/${name}` : `-l:${name}`);
  const now = platform === 'darwin' ? [] : ["'-Wl,-z,now'"]; // a symbol that TensorFlow lacks is an error at once
  const inner = {
    target_name: INNER_NAME,
    sources: SOURCES,
    include_dirs: [`${LINK}/include`],
    libraries: [
      ...(platform === 'darwin' ? [] : [`-L${MADE_IN}`]),
      ...libraries.map(library),
      quoted(`-Wl,-rpath,${runPath(options)}`),
      ...now,
    ],
  };
  const outer = {
    target_name: OUTER_NAME,
    sources: ['loader.cc'],
    libraries: platform === 'linux' ? ['-ldl'] : [],
  };
  const common = {
    defines: [`NAPI_VERSION=${napi}`],
    cflags_cc: ['-std=gnu++17'],
    xcode_settings: { CLANG_CXX_LANGUAGE_STANDARD: 'gnu++17' },
  };
  return `${JSON.stringify({ target_defaults: common, targets: [inner, outer] }, null, 2)}\n`;
}
