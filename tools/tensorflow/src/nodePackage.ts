import { copyFileSync, existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Run } from './command';
import { readJson, removeFolder, writeWhole } from './files';
import { UserError } from './userError';

/** Version of the binding that is installed where there is none: the last one that was published. */
export const BINDING_VERSION = '4.22.0';
export const packageNames = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'] as const;
export type PackageName = (typeof packageNames)[number];

/** The binding's package in somebody's project. */
export interface NodePackage {
  readonly name: PackageName;
  readonly version: string;
  /** Its real folder. */
  readonly folder: string;
  /** Where its own JavaScript looks for the binding. */
  readonly bindingFolder: string;
  /** Version of Node-API that this folder is for. */
  readonly napi: number;
}

interface PackageManifest {
  readonly version: string;
  readonly binary?: { readonly napi_versions?: readonly number[] };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The folder that Node.js finds a package in, from a project's folder; null if it finds none. */
export function findPackage(project: string, name: string): string | null {
  for (let folder = project; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (dirname(folder) === folder) return null;
  }
}

/**
 * Reads the package that a program of the project would import: the one for GPUs first if that is wanted.
 *
 * @returns null if there is neither.
 */
export function findBindingPackage(project: string, gpu: boolean): NodePackage | null {
  const names = gpu ? [...packageNames].reverse() : packageNames;
  for (const name of names) {
    const folder = findPackage(project, name);
    if (folder !== null) return readPackage(name, folder);
  }
  return null;
}

/**
 * Reads the binding's package.
 *
 * @throws UserError if it is one that we know nothing of.
 */
export function readPackage(name: PackageName, folder: string): NodePackage {
  const manifest = readJson(join(folder, 'package.json')) as PackageManifest | null;
  const napi = Math.max(...(manifest?.binary?.napi_versions ?? []));
  if (manifest === null || !existsSync(join(folder, 'binding/tfjs_binding.cc')) || napi < 3)
    throw new UserError(
      `${folder} is not whole, or of another kind than ${BINDING_VERSION}: it has no sources of the binding. Install it again: npm ` +
        `install --ignore-scripts ${name}@${BINDING_VERSION}`,
    );
  const known = Math.min(napi, Number(process.versions['napi'])); // its loader takes the highest that Node.js has too
  return {
    name,
    version: manifest.version,
    folder,
    bindingFolder: join(folder, `lib/napi-v${known}`),
    napi: known,
  };
}

/** Whether the project itself asks for a package: then it is not ours to take away, whoever brought it. */
export function isDeclared(project: string, name: string): boolean {
  const manifest = readJson(join(project, 'package.json')) as PackageManifest | null;
  const { dependencies, devDependencies, optionalDependencies } = manifest ?? {};
  return [dependencies, devDependencies, optionalDependencies].some((list) => list?.[name] !== undefined);
}

/** Where a package comes to lie that the project does not have: beside the TensorFlow.js that it shares with the project. */
export function placeForPackage(project: string, name: PackageName): string {
  const tfjs = findPackage(project, '@tensorflow/tfjs');
  const install = `npm install --ignore-scripts ${name}@${BINDING_VERSION}`;
  if (tfjs === null)
    throw new UserError(
      `${project} has neither ${name} nor @tensorflow/tfjs installed. Install the package that its programs import: ${install}`,
      2,
    );
  const { version } = readJson(join(tfjs, 'package.json')) as PackageManifest;
  if (version !== BINDING_VERSION)
    throw new UserError(
      `${name} ${BINDING_VERSION} needs @tensorflow/tfjs ${BINDING_VERSION}, and ${project} has ${version}. Install both at one version: ` +
        `npm install --ignore-scripts ${name}@${BINDING_VERSION} @tensorflow/tfjs@${BINDING_VERSION}`,
      2,
    );
  return join(dirname(tfjs), name.replace('@tensorflow/', ''));
}

/**
 * Puts the binding's package into a project, at the end of which it is there as a whole. npm installs it into `scratch`
 * with all that it depends on inside, so that neither the project's other packages nor its lock file are touched; only
 * @tensorflow/tfjs is left out, which has to be the project's own: a program must have one engine.
 *
 * @throws UserError if npm fails.
 */
export async function bringPackage(
  project: string,
  name: PackageName,
  place: string,
  { scratch, log, run }: { scratch: string; log: string; run: Run },
): Promise<void> {
  removeFolder(scratch);
  mkdirSync(join(scratch, 'stub'), { recursive: true });
  const stub = { name: '@tensorflow/tfjs', version: BINDING_VERSION };
  const wanted = {
    private: true,
    dependencies: { [name]: BINDING_VERSION },
    overrides: { '@tensorflow/tfjs': 'file:stub' },
  };
  writeWhole(join(scratch, 'stub/package.json'), JSON.stringify(stub));
  writeWhole(join(scratch, 'package.json'), JSON.stringify(wanted));
  const settings = join(project, '.npmrc'); // its registry may be one of its own
  if (existsSync(settings)) copyFileSync(settings, join(scratch, '.npmrc'));
  const { code, all, failure } = await runNpm(
    [
      'install',
      '--ignore-scripts',
      '--install-strategy=nested',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { cwd: scratch, log, run },
  );
  if (failure !== null)
    throw new UserError(`npm does not start (${failure}). Install npm, or ${name} with another tool.`);
  if (code !== 0) throw new UserError(explainNpm(all, name));
  const fresh = join(scratch, 'node_modules', name);
  removeFolder(join(fresh, 'node_modules/@tensorflow'));
  mkdirSync(dirname(place), { recursive: true });
  renameSync(fresh, place); // one step: both are inside of the project
  removeFolder(scratch);
}

function runNpm(args: readonly string[], { cwd, log, run }: { cwd: string; log: string; run: Run }) {
  const npm = process.env['npm_execpath']; // set when npm runs this; yarn and pnpm set it to themselves
  if (npm !== undefined && basename(npm) === 'npm-cli.js')
    return run(process.execPath, [npm, ...args], { cwd, log });
  return run('npm', args, { cwd, log });
}

/** The reason in one sentence out of what npm printed. */
export function explainNpm(output: string, name: string): string {
  if (/ENOSPC|no space left/i.test(output))
    return `The disk became full while npm installed ${name}. Make room, and run the same command again.`;
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ECONNRESET|EAI_AGAIN|ERR_SOCKET_TIMEOUT|ENETUNREACH/.test(output))
    return `npm does not reach its registry. Check the network (npm ping), and run the same command again.`;
  const code = /npm error code (\S+)/.exec(output)?.[1];
  return `npm could not install ${name}${code === undefined ? '' : ` (${code})`}.`;
}
