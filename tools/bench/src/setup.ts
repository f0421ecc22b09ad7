import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { environmentFolder, pythonOf } from './programs';

/** What the peers are measured with. */
const torch = ['torch==2.15.0', 'torchvision==0.29.2'];
const others = [
  'jax==0.10.2',
  'tensorflow-cpu==2.21.0',
  'numpy==2.4.6',
  'webdataset==1.0.2',
  'pillow==13.0.0',
  'pytorch-fid==0.3.0',
  'scipy==1.17.1',
  'prdc==0.2',
  'scikit-learn==1.9.1',
];

/** How to set up. */
export interface SetupOptions {
  /** Python that makes the environment, 3.11 or later. */
  readonly python: string;
  /** Package index with the smaller wheels of PyTorch, which need no CUDA libraries. */
  readonly torchIndex?: string;
}

/** Runs a program on this terminal; returns its exit code, or an error if it does not start. */
export type Run = (command: string, args: readonly string[]) => number | Error;

function runHere(command: string, args: readonly string[]): number | Error {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  return error ?? status ?? 1;
}

const CHECK_VERSION = 'import sys; sys.exit(sys.version_info < (3, 11))';

/**
 * Makes the virtual environment of the peers, or completes it.
 *
 * @throws Error if Python is missing or too old, or pip fails.
 */
export function setUpPeers(
  { python, torchIndex }: SetupOptions,
  run: Run = runHere,
  folder = environmentFolder,
): void {
  const interpreter = pythonOf(folder);
  if (!existsSync(interpreter)) {
    if (run(python, ['-c', CHECK_VERSION]) !== 0) {
      throw new Error(`setup: ${python} must be Python 3.11 or later. Name another with --python.`);
    }
    mustSucceed(run, python, ['-m', 'venv', folder]);
  }
  const install = ['-m', 'pip', 'install', '--disable-pip-version-check'];
  if (torchIndex !== undefined)
    mustSucceed(run, interpreter, [...install, '--index-url', torchIndex, ...torch]);
  mustSucceed(run, interpreter, [...install, ...torch, ...others]);
}

function mustSucceed(run: Run, command: string, args: readonly string[]): void {
  if (run(command, args) !== 0) {
    throw new Error(`setup: ${command} ${args.join(' ')} failed, see above. Run it again to go on.`);
  }
}
