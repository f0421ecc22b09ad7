// @ts-check
// npm run consumer-test: packs @meanflow/jvp, @meanflow/core and the command line as npm would publish them, installs
// them into an empty project beside @tensorflow/tfjs, and uses them in each way that a consumer might. --keep leaves the
// project behind.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, workspaceRoot } from './install.mjs';

const project = mkdtempSync(join(tmpdir(), 'meanflow-consumer-'));
const bin = (/** @type {string} */ name) => join(project, 'node_modules/.bin', name);

/**
 * Runs a command in the consumer's project.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @returns {string} Its output, of both streams.
 */
function run(command, args, cwd = project) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout + stderr;
}

/**
 * Runs a program that prints "works" when it does.
 *
 * @param {string} file
 */
function runProgram(file) {
  const output = run(process.execPath, [file]);
  if (!output.includes('works')) throw new Error(`${file} ended early:\n${output}`);
  if (output.includes('ExperimentalWarning')) throw new Error(`${file} makes Node.js warn:\n${output}`);
}

/**
 * Runs the TypeScript compiler. The declarations of tfjs have errors of their own; any other is ours.
 *
 * @param {string} config
 */
function compile(config) {
  const { stdout } = spawnSync(bin('tsc'), ['-p', config], {
    cwd: project,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const errors = stdout
    .split('\n')
    .filter((line) => /^\S.*error TS/.test(line) && !line.startsWith('node_modules/@tensorflow/'));
  if (errors.length > 0) throw new Error(`tsc -p ${config} complains:\n${errors.join('\n')}`);
}

/**
 * @param {string} file
 * @param {object} content
 */
function writeJson(file, content) {
  writeFileSync(join(project, file), JSON.stringify(content, null, 2));
}

/**
 * Our packages that a consumer of `names` gets, packed.
 *
 * @param {string[]} names
 * @returns {string[]} Archives.
 */
function pack(names) {
  const wanted = new Set(names);
  for (const name of wanted) {
    const file = join(workspaceRoot, 'node_modules', name, 'package.json');
    const { dependencies = {} } = /** @type {{ dependencies?: Record<string, string> }} */ (
      JSON.parse(readFileSync(file, 'utf8'))
    );
    for (const dependency of Object.keys(dependencies))
      if (dependency.startsWith('@meanflow/')) wanted.add(dependency);
  }
  const workspaces = [...wanted].flatMap((name) => ['--workspace', name]);
  run('npm', ['pack', ...workspaces, '--pack-destination', project], workspaceRoot); // builds first
  return readdirSync(project)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => `./${name}`);
}

/** Installs the archives beside the versions of everything else that this workspace is locked to. */
function install() {
  const lock = /** @type {{ packages: Record<string, { version?: string }> }} */ (
    JSON.parse(readFileSync(join(workspaceRoot, 'package-lock.json'), 'utf8'))
  );
  const others = ['@tensorflow/tfjs', 'typescript', 'vite', '@types/node'].map(
    (name) => `${name}@${lock.packages[`node_modules/${name}`]?.version ?? 'latest'}`,
  );
  const archives = pack(['@meanflow/jvp', '@meanflow/core', 'meanflow']);
  writeJson('package.json', { name: 'consumer', private: true, type: 'module' });
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...archives, ...others]);
  cpSync(join(workspaceRoot, 'tools/consumer'), project, { recursive: true });
}

const compilerOptions = {
  strict: true,
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  types: ['node'],
  skipLibCheck: false,
};

/** @type {[string, () => void][]} */
const steps = [
  ['install the packed packages', install],
  [
    'compile for Node.js (nodenext)',
    () => {
      writeJson('tsconfig.json', {
        compilerOptions: { ...compilerOptions, module: 'NodeNext', outDir: 'out' },
        files: ['consumer.ts', 'consumer.cts'],
      });
      compile('tsconfig.json');
    },
  ],
  ['run as an ES module', () => runProgram('out/consumer.js')],
  ['run as CommonJS', () => runProgram('out/consumer.cjs')],
  [
    'check types for a bundler',
    () => {
      writeJson('tsconfig.bundler.json', {
        compilerOptions: { ...compilerOptions, module: 'ESNext', moduleResolution: 'Bundler', noEmit: true },
        files: ['consumer.ts'],
      });
      compile('tsconfig.bundler.json');
    },
  ],
  [
    'bundle with Vite',
    () => {
      writeFileSync(
        join(project, 'vite.config.mjs'),
        `export default { build: { target: 'es2022', lib: { entry: 'consumer.ts', formats: ['es'], fileName: 'bundle' } } };`,
      );
      run(bin('vite'), ['build', '--logLevel', 'warn']);
    },
  ],
  ['run the bundle', () => runProgram('browser.mjs')],
  [
    'run the command line',
    () => {
      const output = run(bin('meanflow'), ['--help']);
      if (!output.includes('train')) throw new Error(`meanflow --help says:\n${output}`);
      run(bin('meanflow'), ['doctor']);
    },
  ],
];

try {
  ensureInstalled();
  for (const [name, step] of steps) {
    const start = performance.now();
    step();
    console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  if (process.argv.includes('--keep')) console.log(`The project is left in ${project}`);
  else rmSync(project, { recursive: true });
}
