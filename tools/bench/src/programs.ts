import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Absent, Launch } from './child';
import type { ServedName } from './serve';

/** Programs of one family differ in settings alone: the best of them stands for the family. */
export type Family =
  | 'ours'
  | 'ours-wasm'
  | 'ours-webgpu'
  | 'jax'
  | 'jax-cuda'
  | 'jax-js'
  | 'pytorch'
  | 'pytorch-cuda'
  | 'tensorflow'
  | 'tfjs'
  | 'tfjs-wasm'
  | 'tfjs-webgpu';

/** Something that computes the step. */
export interface Program {
  readonly name: string;
  readonly title: string;
  /** Whom it stands for in comparisons; null for one that is shown only. */
  readonly family: Family | null;
  /** A script in `peers` with its arguments, or a program of this package. */
  readonly run:
    { readonly python: readonly [script: string, ...args: string[]] } | { readonly serve: ServedName };
  readonly env?: Readonly<Record<string, string>>;
  /** What it computes on: programs are compared on one of them. Default 'cpu'. */
  readonly device?: 'cpu' | 'gpu';
  /** Whether it multiplies matrices for the bound, besides or instead of steps. Default 'steps'. */
  readonly does?: 'steps' | 'both' | 'products';
}

/** JAX computes on the CPU, also where there is a GPU. */
const jaxOnCpu = { JAX_PLATFORMS: 'cpu' };

/** Products in float32, as ours, not in TF32; and memory as it is needed, for programs wait side by side. */
const jaxOnCuda = {
  JAX_PLATFORMS: 'cuda',
  JAX_DEFAULT_MATMUL_PRECISION: 'highest',
  XLA_PYTHON_CLIENT_PREALLOCATE: 'false',
};

/** Huge pages for the allocator of glibc: they spare most page faults of a program that frees its buffers each step. */
const hugePages = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** A program, and the same with huge pages: which of them is faster depends on the library and the machine. */
function withHugePages(program: Program): Program[] {
  const { name, title, env } = program;
  return [
    program,
    {
      ...program,
      name: `${name}-huge`,
      title: `${title}, huge pages`,
      env: { ...env, ...hugePages },
      does: 'steps',
    },
  ];
}

/** All programs, ours first. To add one: a line here and a script in `peers`, or a starter in `serve.ts`. */
export const programs: readonly Program[] = [
  { name: 'ours', title: 'ours, tensorflow, eager', family: 'ours', run: { serve: 'ours' }, does: 'both' },
  ...withHugePages({
    name: 'ours-fused',
    title: 'ours, tensorflow, compiled',
    family: 'ours',
    run: { serve: 'ours-fused' },
  }),
  {
    name: 'ours-shards',
    title: 'ours, tensorflow, compiled, a shard a core',
    family: 'ours',
    run: { serve: 'ours-shards' },
    env: { TF_NUM_INTRAOP_THREADS: '1' },
  },
  {
    name: 'ours-graph',
    title: 'ours, tensorflow, compiled as a graph',
    family: 'ours',
    run: { serve: 'ours-graph' },
  },
  {
    name: 'ours-xla',
    title: 'ours, tensorflow, compiled by XLA',
    family: 'ours',
    run: { serve: 'ours-xla' },
  },
  ...withHugePages({
    name: 'jax',
    title: 'JAX, jit',
    family: 'jax',
    run: { python: ['jax_step.py'] },
    env: jaxOnCpu,
    does: 'both',
  }),
  ...withHugePages({
    name: 'torch',
    title: 'PyTorch, eager',
    family: 'pytorch',
    run: { python: ['torch_step.py'] },
    does: 'both',
  }),
  {
    name: 'torch-compile',
    title: 'PyTorch, torch.compile',
    family: 'pytorch',
    run: { python: ['torch_step.py', 'compile'] },
  },
  ...withHugePages({
    name: 'tensorflow',
    title: 'TensorFlow in Python, graph',
    family: 'tensorflow',
    run: { python: ['tensorflow_step.py'] },
  }),
  ...withHugePages({
    name: 'tensorflow-xla',
    title: 'TensorFlow in Python, XLA',
    family: 'tensorflow',
    run: { python: ['tensorflow_step.py', 'xla'] },
  }),
  {
    name: 'jax-split',
    title: 'JAX, jit, huge pages, du/dt where r < t',
    family: null,
    run: { python: ['jax_step.py', 'split'] },
    env: { ...jaxOnCpu, ...hugePages },
  },
  { name: 'tfjs', title: 'plain tfjs, tensorflow', family: 'tfjs', run: { serve: 'tfjs' } },
  { name: 'ours-wasm', title: 'ours, wasm', family: 'ours-wasm', run: { serve: 'ours-wasm' } },
  { name: 'tfjs-wasm', title: 'plain tfjs, wasm', family: 'tfjs-wasm', run: { serve: 'tfjs-wasm' } },
  {
    name: 'jax-js',
    title: 'jax-js, wasm, du/dt where r < t',
    family: 'jax-js',
    run: { serve: 'jax-js' },
  },
  { name: 'numpy', title: 'numpy', family: null, run: { python: ['numpy_products.py'] }, does: 'products' },
  {
    name: 'ours-webgpu',
    title: 'ours, WebGPU, compiled',
    family: 'ours-webgpu',
    device: 'gpu',
    run: { serve: 'ours-webgpu' },
  },
  {
    name: 'tfjs-webgpu',
    title: 'plain tfjs, WebGPU',
    family: 'tfjs-webgpu',
    device: 'gpu',
    run: { serve: 'tfjs-webgpu' },
  },
  {
    name: 'jax-cuda',
    title: 'JAX on CUDA, jit',
    family: 'jax-cuda',
    device: 'gpu',
    run: { python: ['jax_step.py'] },
    env: jaxOnCuda,
  },
  {
    name: 'torch-cuda',
    title: 'PyTorch on CUDA, eager',
    family: 'pytorch-cuda',
    device: 'gpu',
    run: { python: ['torch_step.py', 'cuda'] },
    does: 'both',
  },
  {
    name: 'torch-compile-cuda',
    title: 'PyTorch on CUDA, torch.compile',
    family: 'pytorch-cuda',
    device: 'gpu',
    run: { python: ['torch_step.py', 'cuda', 'compile'] },
  },
];

/** Programs that compute on the CPU, or on a GPU. */
export function programsOn(device: 'cpu' | 'gpu'): Program[] {
  return programs.filter((program) => (program.device ?? 'cpu') === device);
}

/** Folder of the workspace: three above both src and dist. */
export const workspaceFolder = fileURLToPath(new URL('../../..', import.meta.url));
const peersFolder = fileURLToPath(new URL('../peers', import.meta.url));

/** What brings the Python peers. */
export const SETUP_COMMAND = 'npm run bench:peers';

/** Folder of the virtual environment that the setup makes. */
export const environmentFolder = join(workspaceFolder, '.bench');

/** The interpreter in a virtual environment. */
export function pythonOf(environment: string): string {
  return process.platform === 'win32'
    ? join(environment, 'Scripts', 'python.exe')
    : join(environment, 'bin', 'python');
}

/** The Python with the peers: of MEANFLOW_BENCH_PYTHON, else that of the setup; null if there is none. */
function findPython(env: NodeJS.ProcessEnv, folder: string): string | null {
  const given = env['MEANFLOW_BENCH_PYTHON'];
  if (given !== undefined) return given;
  const installed = pythonOf(folder);
  return existsSync(installed) ? installed : null;
}

/**
 * How to start a script of `peers`.
 *
 * @param folder Where the setup installs the peers.
 */
export function launchScript(
  [script, ...args]: readonly [script: string, ...args: string[]],
  variables: NodeJS.ProcessEnv = process.env,
  folder = environmentFolder,
): Launch | Absent {
  const python = findPython(variables, folder);
  if (python === null) return { absent: 'the Python peers are not installed', fix: SETUP_COMMAND };
  return { command: python, args: ['-uB', join(peersFolder, script), ...args] };
}

/**
 * How to start a program.
 *
 * @param cli This program's own script, which serves the programs in TypeScript.
 * @param folder Where the setup installs the peers.
 */
export function launchOf(
  { run, env = {}, device }: Program,
  cli: string,
  variables: NodeJS.ProcessEnv = process.env,
  folder = environmentFolder,
): Launch | Absent {
  if ('serve' in run) return { command: process.execPath, args: [cli, 'serve', run.serve], env };
  const launch = launchScript(run.python, variables, folder);
  if (!('absent' in launch)) return { ...launch, env };
  if (device !== 'gpu') return launch;
  return {
    absent: launch.absent,
    fix: 'MEANFLOW_BENCH_PYTHON, which names a Python with them, built for CUDA',
  };
}
