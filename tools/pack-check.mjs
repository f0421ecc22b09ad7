// @ts-check
// node tools/pack-check.mjs packages/jvp: packs a built project and checks the archive as npm would publish it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { workspaceRoot } from './install.mjs';

/** @typedef {{ name: string, private?: boolean, bin?: Record<string, string>, exports?: Record<string, Record<string, string>>, sideEffects?: boolean, dependencies?: Record<string, string>, peerDependencies?: Record<string, string>, devDependencies?: Record<string, string> }} Manifest */

const folder = resolve(workspaceRoot, process.argv[2] ?? '.');
const manifest = readManifest(folder);
const isApp = manifest.bin !== undefined;

/**
 * @param {string} projectFolder
 * @returns {Manifest}
 */
function readManifest(projectFolder) {
  return JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
}

/**
 * Runs a command line tool of node_modules.
 *
 * @param {string} tool
 * @param {string[]} args
 * @returns {string[]} A complaint if it fails.
 */
function run(tool, args) {
  const { status, stdout, stderr } = spawnSync(join(workspaceRoot, 'node_modules/.bin', tool), args, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return status === 0 ? [] : [`${tool} complains:\n${stdout}${stderr}`];
}

/**
 * Packs the project as it is: it has been built just now.
 *
 * @param {string} destination
 * @returns {{ archive: string, files: string[] }} The archive, and what is in it.
 */
function pack(destination) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`pack-check: npm pack failed: ${stderr}`);
  const [packed] = /** @type {[{ filename: string, files: { path: string }[] }]} */ (JSON.parse(stdout));
  return { archive: join(destination, packed.filename), files: packed.files.map(({ path }) => path) };
}

/**
 * What must be in the archive, and what must not.
 *
 * @param {string[]} files
 * @returns {string[]} Complaints.
 */
function checkFiles(files) {
  const targets = [
    ...Object.values(manifest.bin ?? {}),
    ...Object.values(manifest.exports ?? {}).flatMap((conditions) => Object.values(conditions)),
  ].map((target) => target.replace(/^\.\//, ''));
  const complaints = ['README.md', 'LICENSE', 'package.json', ...targets]
    .filter((file) => !files.includes(file))
    .map((file) => `${file} is missing`);
  for (const file of files) {
    if (/\.(test|testdata|long|bench)\.ts$|^src\/testing\/|golden|\.readme-|\.tsbuildinfo$/.test(file))
      complaints.push(`${file} must stay out`);
  }
  const license = join(folder, 'LICENSE');
  const original = readFileSync(join(workspaceRoot, 'LICENSE'), 'utf8');
  if (existsSync(license) && readFileSync(license, 'utf8') !== original)
    complaints.push('LICENSE is not the one at the root');
  if (!isApp && manifest.sideEffects !== false) complaints.push('sideEffects must be false');
  for (const file of Object.values(manifest.bin ?? {})) {
    if (!readFileSync(join(folder, file), 'utf8').startsWith('#!/usr/bin/env node\n')) {
      complaints.push(`${file} must start with #!/usr/bin/env node`);
    }
  }
  return complaints;
}

/**
 * Every import of the built code and of its declarations must be a dependency, and must not be private. An application
 * must import each of its dependencies, be it in the code of a package that is compiled in.
 *
 * @param {string[]} files
 * @returns {string[]} Complaints.
 */
function checkImports(files) {
  const imports = files
    .filter((file) => /^dist\/.*\.(js|d\.ts)$/.test(file))
    .flatMap((file) =>
      ts
        .preProcessFile(readFileSync(join(folder, file), 'utf8'), true, true)
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .map((name) => ({ file, name: name.split('/', name.startsWith('@') ? 2 : 1).join('/') })),
    );
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const unused = declared.filter((dependency) => !imports.some(({ name }) => name === dependency));
  return [
    ...imports
      .filter(({ name }) => !declared.includes(name))
      .map(({ file, name }) =>
        builtinModules.includes(name)
          ? `${file} imports ${name}: write node:${name}`
          : `${file} imports ${name}, which is not among dependencies or peerDependencies`,
      ),
    ...(isApp ? unused.map((name) => `${name} is a dependency, but nothing imports it`) : []),
  ];
}

/**
 * Nothing may be compiled in but our own sources: in a library only its own and those of private packages, since two
 * copies of a published one would each have their own state.
 *
 * @param {string[]} files
 * @returns {string[]} Complaints.
 */
function checkCompiledIn(files) {
  const allowed = new Set([folder]);
  for (const name of Object.keys(manifest.devDependencies ?? {})) {
    if (!name.startsWith('@meanflow/')) continue;
    const other = join(workspaceRoot, 'packages', name.slice('@meanflow/'.length));
    if (isApp || readManifest(other).private === true) allowed.add(other);
  }
  return files
    .filter((file) => file.endsWith('.map'))
    .flatMap((file) => {
      const map = /** @type {{ sources: string[] }} */ (JSON.parse(readFileSync(join(folder, file), 'utf8')));
      return map.sources
        .map((source) => resolve(folder, dirname(file), source))
        .filter((source) => ![...allowed].some((parent) => source.startsWith(`${parent}${sep}src${sep}`)))
        .map((source) => `${file}: ${relative(workspaceRoot, source)} is compiled in`);
    });
}

/** Our own packages are released together: each must ask for the version that the other has. */
function checkVersions() {
  /** @type {Record<string, string>} */
  const wanted = { ...manifest.devDependencies, ...manifest.peerDependencies, ...manifest.dependencies };
  return readdirSync(join(workspaceRoot, 'packages'))
    .map((name) => JSON.parse(readFileSync(join(workspaceRoot, 'packages', name, 'package.json'), 'utf8')))
    .filter(({ name, version }) => wanted[name] !== undefined && wanted[name] !== version)
    .map(({ name, version }) => `${name} is at ${version}, but ${String(wanted[name])} is asked for`);
}

const destination = mkdtempSync(join(tmpdir(), 'meanflow-pack-'));
try {
  const { archive, files } = pack(destination);
  const complaints = [
    ...checkFiles(files),
    ...checkImports(files),
    ...checkCompiledIn(files),
    ...checkVersions(),
    ...run('publint', ['run', archive, '--strict']),
    // An application has no API whose types could be wrong.
    ...(isApp ? [] : run('attw', [archive, '--profile', 'esm-only'])),
  ];
  for (const complaint of complaints) console.error(`${manifest.name}: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
  else
    console.log(`${manifest.name}: ${files.length} files, publint${isApp ? ' is' : ' and attw are'} content`);
} finally {
  rmSync(destination, { recursive: true });
}
