import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommandOptions, Finished, Run } from './command';
import type { Machine } from './machine';
import { RESULT } from './runSelfTest';
import type { Terminal } from './terminal';

/** For tests: a folder that is gone afterwards. */
export function scratchFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'meanflow native '))); // with spaces, as some have them
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** For tests: writes files by their paths in a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

export const linux: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36' };

/** For tests: the first bytes of a shared library for Linux. */
export function elfHead(machine = 62): Buffer {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x7f454c46, 0);
  head.writeUInt16LE(machine, 18);
  return head;
}

/** For tests: what a program printed. */
export interface Printed {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
}

export function printed(): Printed {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    interactive: false,
  };
  return { terminal, out: () => out.join('\n'), err: () => err.join('\n') };
}

export const ok = (out = ''): Finished => ({ code: 0, signal: null, out, all: out, failure: null });
export const failed = (all = '', code = 1): Finished => ({ code, signal: null, out: '', all, failure: null });
const absent: Finished = { code: null, signal: null, out: '', all: '', failure: 'ENOENT' };

export const backendJs =
  'var util_1 = require("util");\nexports.f = (x) => (0, util_1.isNullOrUndefined)(x);\n';

/** For tests: the files of the binding's package as npm unpacks them. */
export function packageFiles(name: string): Record<string, string> {
  const sources = [
    'tfjs_backend.cc',
    'tfjs_binding.cc',
    'napi_auto_ref.h',
    'tf_auto_status.h',
    'tf_auto_tensor.h',
  ];
  const headers = ['tfe_auto_op.h', 'tfjs_backend.h', 'utils.h'];
  return {
    'package.json': JSON.stringify({ name, version: '4.22.0', binary: { napi_versions: [3, 8] } }),
    'dist/index.js': 'exports.answer = 42;\n',
    'dist/nodejs_kernel_backend.js': backendJs,
    ...Object.fromEntries([...sources, ...headers].map((file) => [`binding/${file}`, `// ${file}\n`])),
  };
}

/** For tests: TensorFlow's files as pip unpacks them into a site-packages. */
export function tensorflowFiles(version: string, arch = 62): Record<string, string | Buffer> {
  const headers = ['c/c_api.h', 'c/eager/c_api.h', 'core/platform/ctstring_internal.h'];
  return {
    'tensorflow/__init__.py': '',
    ...Object.fromEntries(headers.map((header) => [`tensorflow/include/tensorflow/${header}`, ''])),
    'tensorflow/libtensorflow_cc.so.2': elfHead(arch),
    'tensorflow/libtensorflow_framework.so.2': elfHead(arch),
    [`tensorflow_cpu-${version}.dist-info/RECORD`]:
      'tensorflow/libtensorflow_cc.so.2,sha256=abc,64\ntensorflow/libtensorflow_framework.so.2,sha256=def,64\n',
  };
}

export type Action =
  'probe' | 'venv' | 'pip' | 'locate' | 'npm' | 'compiler' | 'make' | 'node-gyp' | 'self-test';

function actionOf(command: string, args: readonly string[]): Action {
  const line = args.join(' ');
  if (line.includes('platform.python_version')) return 'probe';
  if (line.includes('find_spec("tensorflow")')) return 'locate';
  if (line.startsWith('-m venv')) return 'venv';
  if (line.startsWith('-m pip')) return 'pip';
  if (line.includes('node-gyp.js')) return 'node-gyp';
  if (line.includes('self-test')) return 'self-test';
  if (line.includes('--ignore-scripts')) return 'npm';
  return command === 'make' ? 'make' : 'compiler';
}

/** For tests: a machine on which everything works but what `instead` says. */
export interface FakeMachine {
  readonly run: Run;
  /** What was run so far, in order. */
  readonly actions: Action[];
  instead: Partial<Record<Action, () => Finished>>;
}

export function fakeMachine({ python = '3.11.7', device = 'CPU' } = {}): FakeMachine {
  const fake: FakeMachine = {
    actions: [],
    instead: {},
    run: (command, args, options = {}) => {
      const action = actionOf(command, args);
      fake.actions.push(action);
      return Promise.resolve(fake.instead[action]?.() ?? perform(action, command, args, options));
    },
  };
  const perform = (
    action: Action,
    command: string,
    args: readonly string[],
    { cwd = '' }: CommandOptions,
  ): Finished => {
    switch (action) {
      case 'probe':
        if (command !== 'python3' && command !== '/opt/python') return absent;
        return ok(
          JSON.stringify({
            executable: command === 'python3' ? '/usr/bin/python3' : command,
            version: python,
            machine: 'x86_64',
            venv: true,
          }),
        );
      case 'venv':
        writeFiles(args.at(-1)!, { 'bin/python': '' });
        return ok();
      case 'pip': {
        const version = args.at(-1)!.split('==')[1]!;
        writeFiles(join(dirname(dirname(command)), 'site-packages'), tensorflowFiles(version));
        return ok();
      }
      case 'locate':
        return ok(`${join(dirname(dirname(command)), 'site-packages/tensorflow/__init__.py')}\n`);
      case 'npm':
        for (const name of ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'])
          writeFiles(join(cwd, 'node_modules', name), packageFiles(name));
        return ok();
      case 'compiler':
        return ok('g++ 12\n');
      case 'make':
        return ok('GNU Make 4\n');
      case 'node-gyp':
        writeFiles(join(cwd, 'build/Release'), {
          'tfjs_binding.node': 'outer',
          'tfjs_binding_tensorflow.node': 'inner',
        });
        return ok();
      case 'self-test':
        return ok(
          `${RESULT}${JSON.stringify({ node: process.version, tensorflow: '2.21.0', device, gflops: 100 })}\n`,
        );
    }
  };
  return fake;
}

/** For tests: a project with TensorFlow.js and, if that is wanted, the binding's package. */
export function fakeProject(withPackage: boolean): string {
  const project = scratchFolder();
  writeFiles(project, {
    'package.json': JSON.stringify({ name: 'project', dependencies: { '@tensorflow/tfjs': '4.22.0' } }),
    'package-lock.json': '{}\n',
    'node_modules/@tensorflow/tfjs/package.json': JSON.stringify({ version: '4.22.0' }),
  });
  if (withPackage)
    writeFiles(join(project, 'node_modules/@tensorflow/tfjs-node'), packageFiles('@tensorflow/tfjs-node'));
  return project;
}
