import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bindingGyp, INCLUDED, INNER_NAME, LINK, OUTER_NAME, SOURCES } from './bindingGyp';
import type { BindingGyp } from './bindingGyp';
import { compilerAdvice, explainCompiler } from './compileError';
import type { Run } from './command';
import { readJson, removeFolder, sha256 } from './files';
import type { NodeHeaders } from './nodeHeaders';
import { UserError } from './userError';

/** What a binding is compiled from. */
export interface BindingSources {
  /** SHA-256 of all that decides what comes out. */
  readonly key: string;
  /** Every file that the compiler is given, by name. */
  readonly files: readonly { readonly name: string; readonly content: string | Buffer }[];
}

/** A compiled binding. */
export interface CompiledBinding {
  readonly key: string;
  readonly compiler: string;
  readonly headers: NodeHeaders;
  /** Folder with the files. */
  readonly folder: string;
  /** Names of the files in it, what is loaded first at the end. */
  readonly files: readonly string[];
}

const FILES = [`${INNER_NAME}.node`, `${OUTER_NAME}.node`];
const MARK = 'compiled.json';

/**
 * Reads what the binding is compiled from.
 *
 * @param packageFolder The binding's package.
 * @param tensorflow Version of TensorFlow.
 */
export function collectSources(
  packageFolder: string,
  tensorflow: string,
  gyp: BindingGyp,
  arch: string,
): BindingSources {
  const read = (name: string) => ({ name, content: readFileSync(join(packageFolder, 'binding', name)) });
  const loader = readFileSync(fileURLToPath(new URL('../binding/loader.cc', import.meta.url)));
  const files = [
    ...[...SOURCES, ...INCLUDED].map(read),
    { name: 'loader.cc', content: loader },
    { name: 'binding.gyp', content: bindingGyp(gyp) },
  ];
  const hashes = files.map(({ name, content }) => [name, sha256(content)]);
  const compiler = process.env['CXX'] ?? '';
  return { key: sha256(JSON.stringify([hashes, tensorflow, gyp.platform, arch, compiler])), files };
}

/** A binding that was compiled from the same before; null if there is none. */
export function compiledBefore(folder: string, key: string): CompiledBinding | null {
  const compiled = readJson(join(folder, MARK)) as CompiledBinding | null;
  const isWhole = compiled?.key === key && FILES.every((name) => existsSync(join(folder, name)));
  return isWhole ? { ...compiled, folder, files: FILES } : null;
}

/** Everything that a compilation needs. */
export interface Compilation {
  readonly sources: BindingSources;
  readonly headers: NodeHeaders;
  /** TensorFlow's folder. */
  readonly tensorflow: string;
  /** Where node-gyp works; removed afterwards. */
  readonly buildFolder: string;
  /** Where the result comes to lie, as a whole. */
  readonly folder: string;
  readonly python: string;
  readonly platform: NodeJS.Platform;
  readonly log: string;
  readonly verbose: boolean;
  readonly run: Run;
}

/**
 * Compiles the binding with node-gyp.
 *
 * @throws UserError with the reason if that does not work.
 */
export async function compileBinding(compilation: Compilation): Promise<CompiledBinding> {
  const { sources, headers, tensorflow, buildFolder, folder, python, platform, log, verbose, run } =
    compilation;
  const compiler = await findCompiler(platform, run);
  removeFolder(buildFolder);
  mkdirSync(buildFolder, { recursive: true });
  for (const { name, content } of sources.files) writeFileSync(join(buildFolder, name), content);
  symlinkSync(tensorflow, join(buildFolder, LINK), 'junction');
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const where = headers.folder === null ? [] : [`--nodedir=${headers.folder}`];
  // Without a config.gypi of its own the folder is described by the running Node.js.
  const config = headers.source === 'node-api-headers' ? ['--force-process-config'] : [];
  const { code, all } = await run(
    process.execPath,
    [nodeGyp, 'rebuild', `--python=${python}`, '--jobs=max', ...where, ...config],
    { cwd: buildFolder, log, show: verbose ? 'all' : 'nothing' },
  );
  const release = join(buildFolder, 'build/Release');
  if (code !== 0 || FILES.some((name) => !existsSync(join(release, name))))
    throw new UserError(explainCompiler(all, platform, log));
  const compiled = { key: sources.key, compiler, headers };
  const fresh = `${folder}.partial`;
  removeFolder(fresh);
  mkdirSync(fresh, { recursive: true });
  for (const name of FILES) renameSync(join(release, name), join(fresh, name));
  writeFileSync(join(fresh, MARK), JSON.stringify(compiled, null, 2));
  removeFolder(folder);
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(fresh, folder);
  removeFolder(buildFolder);
  return { ...compiled, folder, files: FILES };
}

/** The compiler that node-gyp will use, e.g. `g++ (Debian 12.2.0) 12.2.0`. */
export async function findCompiler(platform: NodeJS.Platform, run: Run): Promise<string> {
  const command = process.env['CXX'] ?? (platform === 'darwin' ? 'c++' : 'g++');
  const [program = command, ...args] = command.split(' ');
  const compiler = await run(program, [...args, '--version']);
  if (compiler.code !== 0)
    throw new UserError(`There is no C++ compiler: ${command} does not run. ${compilerAdvice(platform)}.`);
  if ((await run('make', ['--version'])).code !== 0)
    throw new UserError(`There is no make. ${compilerAdvice(platform)}.`);
  return compiler.out.split('\n')[0]?.trim() ?? command;
}
